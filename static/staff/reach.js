/* What django-unfold's frame lets a mouse alone click on (the menu, its groups, one's own account, light or dark) becomes
   buttons that a keyboard reaches and that say what they are. Before Alpine reads the page, so that it binds what is added. */
const BUTTONS = [
  ["#header-inner [x-on\\:click^='sidebarMobileOpen']", "Menu", "sidebarMobileOpen"],
  ["#header-inner [x-on\\:click^='sidebarDesktopOpen']", "Menu", "sidebarDesktopOpen"],
  ["#nav-sidebar-inner [x-on\\:click^='sidebarMobileOpen']", "Close the menu", ""],
  ["#nav-sidebar-inner h2[x-on\\:click]", "", "navigationOpen"],
  ["#nav-sidebar-inner [x-on\\:click^='openUserLinks']", "", "openUserLinks"],
  ["#nav-sidebar-inner [x-on\\:click^='switchTheme']", "", ""],
];

document.addEventListener("alpine:init", () => {
  for (const [found, name, opens] of BUTTONS) {
    for (const each of document.querySelectorAll(found)) {
      each.tabIndex = 0;
      each.setAttribute("role", "button");
      each.setAttribute("x-on:keydown.enter.prevent", "$el.click()");
      each.setAttribute("x-on:keydown.space.prevent", "$el.click()");
      if (name) each.setAttribute("aria-label", name);
      if (opens) each.setAttribute("x-bind:aria-expanded", `String(${opens})`);
    }
  }
  document.querySelector("#nav-sidebar-inner a:has(> .material-symbols-outlined:only-child)")?.setAttribute("aria-label", "Start");
  for (const icon of document.querySelectorAll("#nav-sidebar-inner .material-symbols-outlined:not([role])")) {
    icon.setAttribute("aria-hidden", "true"); // its text is the name of a picture
  }
});

"""What is wrong with the installation: looked for every half minute, told once when it begins and once when it ends."""

"""The words of the archive's own pages, in the languages that issues are made in; English where there are none."""

from dataclasses import dataclass

from mailer.issues.builder.script import written_as


@dataclass(frozen=True, slots=True)
class PageWords:
    """`found`, `none` hold {query}, `about` {topic}, `get` {newsletter}, `page` {number} and {of}."""

    archive: str
    all_issues: str
    subscribe: str
    get: str
    email: str
    then: str
    search: str
    search_issues: str
    clear: str
    found: str
    none: str
    nothing_yet: str
    topics: str
    all_topics: str
    about: str
    previous: str
    next: str
    newer: str
    older: str
    page: str
    feed: str
    not_there: str
    not_there_because: str
    leave_empty: str

    def said(self, phrase: str, **values: object) -> str:
        """A phrase with its places filled."""
        text: str = getattr(self, phrase)
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


_ENGLISH = PageWords(
    archive="Archive",
    all_issues="All issues",
    subscribe="Subscribe",
    get="Get {newsletter} by email",
    email="Email address",
    then="We then send you a mail with a link. Nothing else comes before you followed it.",
    search="Search",
    search_issues="Search the issues",
    clear="Show all issues",
    found="Issues with “{query}”",
    none="No issue has “{query}”. Try fewer or other words.",
    nothing_yet="No issue has been sent yet. The first one will stand here.",
    topics="Topics",
    all_topics="All topics",
    about="Issues on {topic}",
    previous="Previous issue",
    next="Next issue",
    newer="Newer issues",
    older="Older issues",
    page="Page {number} of {of}",
    feed="Feed (Atom)",
    not_there="There is no such page",
    not_there_because="The address may be mistyped, or the issue has not been sent.",
    leave_empty="Leave this empty",
)

_WORDS = {
    "en": _ENGLISH,
    "de": PageWords(
        archive="Archiv",
        all_issues="Alle Ausgaben",
        subscribe="Abonnieren",
        get="{newsletter} per E-Mail erhalten",
        email="E-Mail-Adresse",
        then="Sie bekommen dann eine E-Mail mit einem Link. Vorher schicken wir Ihnen nichts anderes.",
        search="Suchen",
        search_issues="Ausgaben durchsuchen",
        clear="Alle Ausgaben zeigen",
        found="Ausgaben mit „{query}“",
        none="Keine Ausgabe enthält „{query}“. Versuchen Sie es mit weniger oder anderen Wörtern.",
        nothing_yet="Es ist noch keine Ausgabe erschienen. Die erste wird hier stehen.",
        topics="Themen",
        all_topics="Alle Themen",
        about="Ausgaben zu {topic}",
        previous="Vorige Ausgabe",
        next="Nächste Ausgabe",
        newer="Neuere Ausgaben",
        older="Ältere Ausgaben",
        page="Seite {number} von {of}",
        feed="Feed (Atom)",
        not_there="Diese Seite gibt es nicht",
        not_there_because="Vielleicht ist die Adresse falsch geschrieben, oder die Ausgabe ist nicht erschienen.",
        leave_empty="Bitte leer lassen",
    ),
    "fr": PageWords(
        archive="Archives",
        all_issues="Tous les numéros",
        subscribe="S’abonner",
        get="Recevoir {newsletter} par e-mail",
        email="Adresse e-mail",
        then="Nous vous envoyons ensuite un e-mail avec un lien. Rien d’autre ne vient avant que vous l’ayez suivi.",
        search="Rechercher",
        search_issues="Rechercher dans les numéros",
        clear="Voir tous les numéros",
        found="Numéros contenant « {query} »",
        none="Aucun numéro ne contient « {query} ». Essayez moins de mots, ou d’autres.",
        nothing_yet="Aucun numéro n’a encore paru. Le premier se trouvera ici.",
        topics="Thèmes",
        all_topics="Tous les thèmes",
        about="Numéros sur {topic}",
        previous="Numéro précédent",
        next="Numéro suivant",
        newer="Numéros plus récents",
        older="Numéros plus anciens",
        page="Page {number} sur {of}",
        feed="Flux (Atom)",
        not_there="Cette page n’existe pas",
        not_there_because="L’adresse est peut-être mal écrite, ou le numéro n’a pas paru.",
        leave_empty="Laissez ce champ vide",
    ),
    "es": PageWords(
        archive="Archivo",
        all_issues="Todos los números",
        subscribe="Suscribirse",
        get="Reciba {newsletter} por correo",
        email="Correo electrónico",
        then="Después le enviamos un correo con un enlace. Antes de que lo siga no llega nada más.",
        search="Buscar",
        search_issues="Buscar en los números",
        clear="Ver todos los números",
        found="Números con «{query}»",
        none="Ningún número contiene «{query}». Pruebe con menos palabras o con otras.",
        nothing_yet="Todavía no se ha enviado ningún número. El primero estará aquí.",
        topics="Temas",
        all_topics="Todos los temas",
        about="Números sobre {topic}",
        previous="Número anterior",
        next="Número siguiente",
        newer="Números más recientes",
        older="Números más antiguos",
        page="Página {number} de {of}",
        feed="Canal (Atom)",
        not_there="Esta página no existe",
        not_there_because="Puede que la dirección esté mal escrita o que el número no se haya enviado.",
        leave_empty="Deje esto vacío",
    ),
    "zh-Hans": PageWords(
        archive="往期",
        all_issues="全部期刊",
        subscribe="订阅",
        get="通过邮件接收{newsletter}",
        email="电子邮箱",
        then="随后我们会向您发送一封带有链接的邮件。在您点击链接之前，不会收到其他邮件。",
        search="搜索",
        search_issues="搜索往期内容",
        clear="显示全部期刊",
        found="含有“{query}”的期刊",
        none="没有含有“{query}”的期刊。请减少或更换关键词。",
        nothing_yet="尚未发送任何一期。第一期将显示在这里。",
        topics="主题",
        all_topics="全部主题",
        about="主题：{topic}",
        previous="上一期",
        next="下一期",
        newer="较新的期刊",
        older="较早的期刊",
        page="第 {number} 页，共 {of} 页",
        feed="订阅源（Atom）",
        not_there="没有这个页面",
        not_there_because="地址可能有误，或者这一期尚未发送。",
        leave_empty="请留空",
    ),
    "zh-Hant": PageWords(
        archive="往期",
        all_issues="全部期刊",
        subscribe="訂閱",
        get="透過郵件接收{newsletter}",
        email="電子郵件地址",
        then="隨後我們會寄給您一封附有連結的郵件。在您點選連結之前，不會收到其他郵件。",
        search="搜尋",
        search_issues="搜尋往期內容",
        clear="顯示全部期刊",
        found="含有「{query}」的期刊",
        none="沒有含有「{query}」的期刊。請減少或更換關鍵字。",
        nothing_yet="尚未寄出任何一期。第一期將顯示在這裡。",
        topics="主題",
        all_topics="全部主題",
        about="主題：{topic}",
        previous="上一期",
        next="下一期",
        newer="較新的期刊",
        older="較早的期刊",
        page="第 {number} 頁，共 {of} 頁",
        feed="訂閱源（Atom）",
        not_there="沒有這個頁面",
        not_there_because="網址可能有誤，或者這一期尚未寄出。",
        leave_empty="請留空",
    ),
    "ja": PageWords(
        archive="バックナンバー",
        all_issues="すべての号",
        subscribe="購読する",
        get="{newsletter}をメールで受け取る",
        email="メールアドレス",
        then="リンクを記載したメールをお送りします。リンクを開くまで、ほかのメールは届きません。",
        search="検索",
        search_issues="号を検索",
        clear="すべての号を表示",
        found="「{query}」を含む号",
        none="「{query}」を含む号はありません。語を減らすか、変えてお試しください。",
        nothing_yet="まだ配信された号はありません。最初の号がここに表示されます。",
        topics="トピック",
        all_topics="すべてのトピック",
        about="{topic}の号",
        previous="前の号",
        next="次の号",
        newer="新しい号",
        older="古い号",
        page="{of}ページ中{number}ページ",
        feed="フィード（Atom）",
        not_there="このページはありません",
        not_there_because="アドレスに誤りがあるか、その号はまだ配信されていません。",
        leave_empty="空欄のままにしてください",
    ),
    "ko": PageWords(
        archive="지난 호",
        all_issues="모든 호",
        subscribe="구독하기",
        get="{newsletter} 이메일로 받기",
        email="이메일 주소",
        then="링크가 담긴 메일을 보내 드립니다. 링크를 여시기 전에는 다른 메일이 가지 않습니다.",
        search="검색",
        search_issues="지난 호 검색",
        clear="모든 호 보기",
        found="“{query}” 검색 결과",
        none="“{query}”이(가) 들어 있는 호가 없습니다. 단어를 줄이거나 바꿔 보세요.",
        nothing_yet="아직 발송된 호가 없습니다. 첫 호가 여기에 표시됩니다.",
        topics="주제",
        all_topics="모든 주제",
        about="주제: {topic}",
        previous="이전 호",
        next="다음 호",
        newer="더 최근 호",
        older="더 이전 호",
        page="{of}쪽 중 {number}쪽",
        feed="피드(Atom)",
        not_there="이 페이지는 없습니다",
        not_there_because="주소가 잘못되었거나 아직 발송되지 않은 호입니다.",
        leave_empty="비워 두세요",
    ),
    "ar": PageWords(
        archive="الأرشيف",
        all_issues="جميع الأعداد",
        subscribe="اشترك",
        get="احصل على {newsletter} بالبريد الإلكتروني",
        email="البريد الإلكتروني",
        then="نرسل إليك بعد ذلك رسالة فيها رابط، ولا يصلك شيء آخر قبل أن تفتحه.",
        search="بحث",
        search_issues="ابحث في الأعداد",
        clear="عرض جميع الأعداد",
        found="الأعداد التي فيها «{query}»",
        none="لا يوجد عدد فيه «{query}». جرّب كلمات أقل أو كلمات أخرى.",
        nothing_yet="لم يُرسل أي عدد بعد. سيظهر العدد الأول هنا.",
        topics="المواضيع",
        all_topics="جميع المواضيع",
        about="الأعداد حول {topic}",
        previous="العدد السابق",
        next="العدد التالي",
        newer="أعداد أحدث",
        older="أعداد أقدم",
        page="الصفحة {number} من {of}",
        feed="موجز (Atom)",
        not_there="هذه الصفحة غير موجودة",
        not_there_because="قد يكون العنوان غير صحيح، أو أن العدد لم يُرسل.",
        leave_empty="اترك هذا الحقل فارغًا",
    ),
}


def page_words_for(language: str) -> PageWords:
    """The words of the pages for a BCP 47 tag."""
    return _WORDS.get(written_as(language), _ENGLISH)


def language_of_words(language: str) -> str:
    """The language that those words are in, BCP 47: of a language that is not here, English."""
    return language if written_as(language) in _WORDS else "en"

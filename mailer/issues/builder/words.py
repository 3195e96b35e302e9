"""The fixed words of the themes, and dates, in the languages that mailer speaks; English where it does not."""

import datetime
from dataclasses import dataclass

from mailer.issues.builder.script import written_as


@dataclass(frozen=True, slots=True)
class Words:
    """`issue` holds {number}, `because` holds {newsletter}, `date` holds {day}, {month} and {year}."""

    view: str
    unsubscribe: str
    preferences: str
    read_more: str
    issue: str
    because: str
    date: str
    months: tuple[str, ...] = tuple(str(month) for month in range(1, 13))
    first_day: str = "1"

    def issue_number(self, number: int) -> str:
        """Return "Issue 12"."""
        return self.issue.format(number=number)

    def reason(self, newsletter: str) -> str:
        """Return why the reader gets this newsletter."""
        return self.because.replace("{newsletter}", newsletter)

    def written_date(self, date: datetime.date) -> str:
        """Return the date as it is written out in the language."""
        day = self.first_day if date.day == 1 else str(date.day)
        return self.date.format(day=day, month=self.months[date.month - 1], year=date.year)


def _months(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ENGLISH = Words(
    view="View in browser",
    unsubscribe="Unsubscribe",
    preferences="Preferences",
    read_more="Read more",
    issue="Issue {number}",
    because="You get this because you subscribed to {newsletter}.",
    date="{day} {month} {year}",
    months=_months("January February March April May June July August September October November December"),
)

_WORDS = {
    "en": _ENGLISH,
    "de": Words(
        view="Im Browser ansehen",
        unsubscribe="Abmelden",
        preferences="Einstellungen",
        read_more="Weiterlesen",
        issue="Ausgabe {number}",
        because="Sie erhalten diese E-Mail, weil Sie {newsletter} abonniert haben.",
        date="{day}. {month} {year}",
        months=_months("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    ),
    "fr": Words(
        view="Voir dans le navigateur",
        unsubscribe="Se désabonner",
        preferences="Préférences",
        read_more="Lire la suite",
        issue="Numéro {number}",
        because="Vous recevez ce message parce que vous êtes abonné à {newsletter}.",
        date="{day} {month} {year}",
        months=_months(
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
        ),
        first_day="1er",
    ),
    "es": Words(
        view="Ver en el navegador",
        unsubscribe="Darse de baja",
        preferences="Preferencias",
        read_more="Leer más",
        issue="Número {number}",
        because="Recibe este mensaje porque se suscribió a {newsletter}.",
        date="{day} de {month} de {year}",
        months=_months(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
        ),
    ),
    "zh-Hans": Words(
        view="在浏览器中查看",
        unsubscribe="退订",
        preferences="偏好设置",
        read_more="阅读全文",
        issue="第 {number} 期",
        because="您收到此邮件，是因为您订阅了{newsletter}。",
        date="{year}年{month}月{day}日",
    ),
    "zh-Hant": Words(
        view="在瀏覽器中檢視",
        unsubscribe="取消訂閱",
        preferences="偏好設定",
        read_more="閱讀全文",
        issue="第 {number} 期",
        because="您收到這封郵件，是因為您訂閱了{newsletter}。",
        date="{year}年{month}月{day}日",
    ),
    "ja": Words(
        view="ブラウザで表示",
        unsubscribe="配信停止",
        preferences="配信設定",
        read_more="続きを読む",
        issue="第{number}号",
        because="このメールは、{newsletter}を購読されている方にお送りしています。",
        date="{year}年{month}月{day}日",
    ),
    "ko": Words(
        view="브라우저에서 보기",
        unsubscribe="수신 거부",
        preferences="수신 설정",
        read_more="더 읽기",
        issue="제{number}호",
        because="{newsletter} 구독을 신청하셨기 때문에 이 메일을 보내 드립니다.",
        date="{year}년 {month}월 {day}일",
    ),
    "ar": Words(
        view="عرض في المتصفح",
        unsubscribe="إلغاء الاشتراك",
        preferences="التفضيلات",
        read_more="اقرأ المزيد",
        issue="العدد {number}",
        because="تصلك هذه الرسالة لأنك اشتركت في {newsletter}.",
        date="{day} {month} {year}",
        months=_months("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"),
    ),
}


def words_for(language: str) -> Words:
    """Return the fixed words for a BCP 47 tag, the English ones for a language that is not here."""
    return _WORDS.get(written_as(language), _ENGLISH)

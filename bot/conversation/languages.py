"""The languages a person may ask for, by the names people call them."""

from collections.abc import Mapping

_SPELLINGS = {
    "Arabic": "arabisch árabe arabe العربية",
    "Bengali": "bengalisch বাংলা",
    "Bulgarian": "bulgarisch български",
    "Catalan": "katalanisch català catalan",
    "Chinese": "chinesisch mandarin 中文 汉语 简体中文 chinois chino",
    "Croatian": "kroatisch hrvatski",
    "Czech": "tschechisch čeština česky",
    "Danish": "dänisch dansk",
    "Dutch": "niederländisch holländisch nederlands",
    "English": "englisch anglais inglés inglese 英语 英文 英語",
    "Estonian": "estnisch eesti",
    "Finnish": "finnisch suomi",
    "French": "französisch français francais francés francese 法语",
    "German": "deutsch allemand alemán tedesco 德语 ドイツ語",
    "Greek": "griechisch ελληνικά",
    "Hebrew": "hebräisch עברית",
    "Hindi": "हिन्दी",
    "Hungarian": "ungarisch magyar",
    "Indonesian": "indonesisch bahasa",
    "Italian": "italienisch italiano italien",
    "Japanese": "japanisch 日本語 日语 japonais japonés",
    "Korean": "koreanisch 한국어 韩语",
    "Latvian": "lettisch latviešu",
    "Lithuanian": "litauisch lietuvių",
    "Malay": "malaiisch melayu",
    "Norwegian": "norwegisch norsk",
    "Persian": "persisch farsi فارسی",
    "Polish": "polnisch polski",
    "Portuguese": "portugiesisch português portugues",
    "Romanian": "rumänisch română",
    "Russian": "russisch русский",
    "Serbian": "serbisch српски srpski",
    "Slovak": "slowakisch slovenčina",
    "Slovenian": "slowenisch slovenščina",
    "Spanish": "spanisch español espanol espagnol spagnolo 西班牙语",
    "Swedish": "schwedisch svenska",
    "Thai": "thailändisch ไทย",
    "Turkish": "türkisch türkçe turkce",
    "Ukrainian": "ukrainisch українська",
    "Vietnamese": "vietnamesisch tiếng-việt",
}
_NAMES: Mapping[str, str] = {
    spelling: name
    for name, spellings in _SPELLINGS.items()
    for spelling in (name.lower(), *spellings.split())
}
LANGUAGES = tuple(_SPELLINGS)
"""In English, in alphabetical order."""


def language_named(word: str) -> str:
    """The language that people call so, by its English name; empty where it is none."""
    return _NAMES.get(word.strip(" .,").casefold(), "")

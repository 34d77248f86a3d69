"""Portal: what a refusal means, said to a person. Codes are the services' own."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from services.portal.pages.upstream import Refused
from services.portal.pages.words import Words

UNKNOWN = "这一步现在不能做（%(code)s）。"
SENTENCES: dict[str, str] = {
    "service_away": "这部分服务暂时连不上，您填写的内容没有丢失，请稍后再试。",
    "sign_in_refused": "账号或密码不对，或账号已停用。",
    "too_many_failures": "尝试次数过多，请 {retry_after} 秒后再试。",
    "csrf": "页面已过期或来源不明，请刷新页面后再试。",
    "not_yours": "您的角色不能做这一步。",
    "not_found": "没有找到，或者您无权查看。",
    "wrong_state": "当前状态已不能做这一步，请刷新后查看最新情况。",
    "version_stale": "内容已被别人更新，请刷新后再改。",
    "if_match_required": "内容已被别人更新，请刷新后再改。",
    "invalid_body": "有些内容填写不正确，请按提示修改。",
    "body_too_large": "内容太大。",
    "revision_stale": "课次的时间或地点刚有变化，请刷新后再答复。",
    "too_early": "还没到时间。",
    "method_not_allowed": "这一步不能这样做。",
}
FIELD_SENTENCES: dict[str, str] = {
    "missing": "请填写",
    "string_too_short": "请填写",
    "string_too_long": "太长了",
    "int_parsing": "请填写整数",
    "int_from_float": "请填写整数",
    "float_parsing": "请填写数字",
    "decimal_parsing": "请填写数字",
    "greater_than_equal": "太小了",
    "greater_than": "太小了",
    "less_than_equal": "太大了",
    "less_than": "太大了",
    "datetime_from_date_parsing": "请填写日期和时间",
    "datetime_parsing": "请填写日期和时间",
    "date_from_datetime_parsing": "请填写日期",
    "date_parsing": "请填写日期",
    "uuid_parsing": "请选择",
    "enum": "请选择",
    "literal_error": "请选择",
    "too_short": "请至少填写一项",
    "too_long": "太多了",
}


def sentence(refused: Refused, words: Words) -> str:
    """In the reader's language; facts of the case filled in where the sentence names them."""
    found = SENTENCES.get(refused.code)
    if found is None:
        return words(UNKNOWN, code=refused.code)
    return _fill(words(found), refused.facts)


def fields(refused: Refused, words: Words) -> dict[str, str]:
    """What is wrong beside which input, by field path (`lines.0.expected_attendees`)."""
    return {
        str(error.get("field", "")): words(FIELD_SENTENCES.get(str(error.get("code")), "请检查"))
        for error in refused.facts.get("errors", [])
        if isinstance(error, dict)
    }


def _fill(text: str, facts: Mapping[str, Any]) -> str:
    known = {name: facts.get(name, "—") for _, name, _, _ in Formatter().parse(text) if name}
    return text.format(**known)

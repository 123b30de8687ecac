"""Block Kit's elements: what each is made of, and which block may hold it ("Block elements")."""

from collections.abc import Mapping

from bot.playground.slack.shapes import (
    Check,
    anything,
    by_type,
    choice,
    each,
    flag,
    number,
    plain,
    shape,
    string,
    words,
)

_ID = string(255)
_DATE, _TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d"
_CONFIRM = shape(
    {"title": plain(100), "text": words(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
_OPTION = shape(
    {"text": words(75), "value": string(150)}, {"description": words(75), "url": string(3_000)}
)
_OPTIONS = each(_OPTION, 1, 100)
_GROUPS = each(shape({"label": plain(75), "options": _OPTIONS}), 1, 100)
_ACTED: Mapping[str, Check] = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": flag}
_ASKED: Mapping[str, Check] = {**_ACTED, "placeholder": plain(150)}
_FILTER = shape(
    {},
    {
        "include": each(choice("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)
_CONVERSATION: Mapping[str, Check] = {
    "filter": _FILTER,
    "default_to_current_conversation": flag,
}
_SEVERAL: Mapping[str, Check] = {"max_selected_items": number(1, 1_000)}
_TYPED: Mapping[str, Check] = {
    "action_id": _ID,
    "placeholder": plain(150),
    "initial_value": string(3_000),
    "focus_on_load": flag,
    "dispatch_action_config": shape(
        {"trigger_actions_on": each(choice("on_enter_pressed", "on_character_entered"), 1, 2)}
    ),
}
_LENGTHS: Mapping[str, Check] = {
    "min_length": number(0, 3_000),
    "max_length": number(1, 3_000),
    "multiline": flag,
}
_FEEDBACK = shape({"text": plain(75), "value": string(2_000)}, {"accessibility_label": string(75)})
_IDS = each(string(255), 1, 1_000)

BUTTON = shape(
    {"text": plain(75)},
    {
        **_ACTED,
        "url": string(3_000),
        "value": string(2_000),
        "style": choice("primary", "danger"),
        "accessibility_label": string(75),
    },
)
IMAGE = shape({"alt_text": string(2_000)}, {"image_url": string(3_000), "slack_file": anything})
_MENUS: Mapping[str, Check] = {
    "static_select": shape(
        {}, {**_ASKED, "options": _OPTIONS, "option_groups": _GROUPS, "initial_option": _OPTION}
    ),
    "external_select": shape(
        {}, {**_ASKED, "min_query_length": number(0, 75), "initial_option": _OPTION}
    ),
    "users_select": shape({}, {**_ASKED, "initial_user": _ID}),
    "channels_select": shape({}, {**_ASKED, "initial_channel": _ID, "response_url_enabled": flag}),
    "conversations_select": shape(
        {},
        {**_ASKED, **_CONVERSATION, "initial_conversation": _ID, "response_url_enabled": flag},
    ),
}
_MULTI_MENUS: Mapping[str, Check] = {
    "multi_static_select": shape(
        {},
        {
            **_ASKED,
            **_SEVERAL,
            "options": _OPTIONS,
            "option_groups": _GROUPS,
            "initial_options": _OPTIONS,
        },
    ),
    "multi_external_select": shape(
        {},
        {**_ASKED, **_SEVERAL, "min_query_length": number(0, 75), "initial_options": _OPTIONS},
    ),
    "multi_users_select": shape({}, {**_ASKED, **_SEVERAL, "initial_users": _IDS}),
    "multi_channels_select": shape({}, {**_ASKED, **_SEVERAL, "initial_channels": _IDS}),
    "multi_conversations_select": shape(
        {}, {**_ASKED, **_SEVERAL, **_CONVERSATION, "initial_conversations": _IDS}
    ),
}
_PICKERS: Mapping[str, Check] = {
    "datepicker": shape({}, {**_ASKED, "initial_date": string(10, like=_DATE)}),
    "timepicker": shape(
        {}, {**_ASKED, "initial_time": string(5, like=_TIME), "timezone": string(100)}
    ),
    "datetimepicker": shape(
        {}, {**_ACTED, "initial_date_time": number(1_000_000_000, 9_999_999_999)}
    ),
}
_BOXES: Mapping[str, Check] = {
    "checkboxes": shape(
        {"options": each(_OPTION, 1, 10)}, {**_ACTED, "initial_options": each(_OPTION, 1, 10)}
    ),
    "radio_buttons": shape(
        {"options": each(_OPTION, 1, 10)}, {**_ACTED, "initial_option": _OPTION}
    ),
}
_FIELDS: Mapping[str, Check] = {
    "plain_text_input": shape({}, {**_TYPED, **_LENGTHS}),
    "number_input": shape(
        {"is_decimal_allowed": flag},
        {**_TYPED, "min_value": string(100), "max_value": string(100)},
    ),
    "email_text_input": shape({}, _TYPED),
    "url_text_input": shape({}, _TYPED),
    "rich_text_input": shape({}, {**_TYPED, "initial_value": anything}),
    "file_input": shape(
        {}, {"action_id": _ID, "filetypes": each(string(20), 1, 100), "max_files": number(1, 10)}
    ),
}
_OVERFLOW = shape({"options": each(_OPTION, 1, 5)}, {"action_id": _ID, "confirm": _CONFIRM})
_ACTIONS: Mapping[str, Check] = {
    "button": BUTTON,
    "overflow": _OVERFLOW,
    **_MENUS,
    **_PICKERS,
    **_BOXES,
}

IN_ACTIONS = by_type(_ACTIONS, "element in an actions block")
IN_SECTION = by_type(
    {**_ACTIONS, **_MULTI_MENUS, "image": IMAGE}, "element as a section's accessory"
)
IN_INPUT = by_type(
    {**_MENUS, **_MULTI_MENUS, **_PICKERS, **_BOXES, **_FIELDS}, "element in an input block"
)
IN_CONTEXT_ACTIONS = by_type(
    {
        "feedback_buttons": shape(
            {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": _ID}
        ),
        "icon_button": shape(
            {"icon": choice("trash"), "text": plain(75)},
            {
                "action_id": _ID,
                "value": string(2_000),
                "accessibility_label": string(75),
                "visible_to_user_ids": each(_ID, 1, 10),
                "confirm": _CONFIRM,
            },
        ),
    },
    "element in a context_actions block",
)

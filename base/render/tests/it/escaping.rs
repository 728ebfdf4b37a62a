use render::{Locale, Renderer};
use serde_json::json;

use crate::{component, frame, html, with};

const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}";

/// Every component with the hostile text in every place that takes a text.
const CALLS: &[&str] = &[
    "nb.button(x)",
    "nb.button(x, href=x, kind=x)",
    "nb.button(x, name=x, value=x, type=x, formaction=x)",
    "nb.print_button(x)",
    "nb.passkey_form(x, x, x, ask=x, options=x, fields=[[x, x]])",
    "nb.post_button(x, x, x, fields={'a': x})",
    "nb.error_summary([{'field': x, 'text': x}, {'text': x}])",
    "nb.notice(x, title=x, id=x, kind=x)",
    "nb.inset(x)",
    "nb.panel(x, code=x, label=x)",
    "nb.step(x, x)",
    "nb.back_link(x, x)",
    "nb.breadcrumbs([{'text': x, 'href': x}])",
    "nb.pagination(previous=x, next=x, items=[{'text': x, 'href': x}])",
    "nb.search_box(x, x, name=x, value=x, hint=x)",
    "nb.hero(x, lead=x)",
    "nb.tag(x, x)",
    "nb.timeline([{'title': x, 'who': x, 'text': x}])",
    "nb.task_list([{'text': x, 'href': x, 'hint': x, 'status': x, 'tone': x}])",
    "nb.figures([{'label': x, 'value': x, 'tone': x}])",
    "nb.summary_list([{'key': x, 'value': x, 'href': x, 'action': x}])",
    "nb.card(x, href=x, text=x, meta=x)",
    "nb.cards([{'title': x, 'href': x, 'text': x, 'meta': x}])",
    "nb.table(x, [{'label': x}, {'label': x, 'href': x, 'sort': x}], [{'class': x, 'cells': [{'text': x, 'href': x}, x]}])",
    "nb.qr_code(x, x)",
    "nb.chips([{'text': x, 'href': x}])",
    "nb.viewer(x, [{'src': x, 'alt': x}], download=x)",
    "nb.keyboard_hint()",
    "nb.text_field(x, x, value=x, hint=x, error=x, source_note=x, type=x, autocomplete=x, inputmode=x, width=x, suffix=x, lang=x, maxlength=x)",
    "nb.textarea_field(x, x, value=x, hint=x, error=x, max=10)",
    "nb.number_field(x, x, value=x, unit=x)",
    "nb.money_field(x, x, value=x)",
    "nb.date_field(x, x, value={'day': x, 'month': x, 'year': x}, hint=x, error=x)",
    "nb.person_name_field(x, x, value=x)",
    "nb.phone_field(x, x, value=x)",
    "nb.email_field(x, x, value=x)",
    "nb.personal_number_field(x, x, value=x)",
    "nb.code_field(x, x, value=x)",
    "nb.search_field(x, x, value=x)",
    "nb.hidden(x, x)",
    "nb.csrf(x)",
    "nb.select_field(x, x, [{'value': x, 'label': x}, {'label': x, 'options': [{'value': x, 'label': x}]}], value=x)",
    "nb.radios_field(x, x, [{'value': x, 'label': x, 'hint': x}], value=x, hint=x, error=x)",
    "nb.checkboxes_field(x, x, [{'value': x, 'label': x}], value=[x])",
    "nb.yes_no_field(x, x, value=x)",
    "nb.consent_field(x, x, error=x)",
    "nb.file_field(x, x, files=[{'id': x, 'name': x, 'href': x}], hint=x, error=x, accept=x, remove_name=x)",
    "nb.address_field(x, x, [{'code': x, 'name': x, 'wards': [{'code': x, 'name': x}]}], value={'district': x, 'ward': x, 'detail': x}, hint=x, error=x)",
];

#[test]
fn no_component_lets_markup_through() {
    for call in CALLS {
        let drawn = component(&format!("{{{{ {call} }}}}"), json!({"x": EVIL}));
        assert!(
            !drawn.contains("<script") && !drawn.contains("<img src=x") && !drawn.contains("49"),
            "{call}: {drawn}"
        );
        // The strict reader would stumble over a quote that broke out of its attribute.
        html::read(&drawn);
    }
}

#[test]
fn every_component_is_in_the_list_above() {
    let source = include_str!("../../templates/components/all.html");
    let called = CALLS.join(" ");
    // Drawn with a call block, or of fixed words only.
    let others = [
        "icon",
        "emblem",
        "canals",
        "actions",
        "status_tag",
        "time_tag",
        "details",
        "filter_panel",
        "sticky_actions",
    ];
    for line in source.lines().filter_map(|line| line.split_once(" import ")) {
        for name in line
            .1
            .trim_end_matches("-%}")
            .split(',')
            .map(str::trim)
            .filter(|name| !name.contains(' '))
        {
            assert!(
                others.contains(&name) || called.contains(&format!("nb.{name}(")),
                "{name} has no escape test"
            );
        }
    }
    for call in [
        "{% call nb.details(x) %}{{ x }}{% endcall %}",
        "{% call nb.filter_panel(x, clear_href=x, active=x) %}{{ x }}{% endcall %}",
        "{% call nb.actions() %}{{ x }}{% endcall %}{% call nb.sticky_actions() %}{{ x }}{% endcall %}",
    ] {
        let drawn = component(call, json!({"x": EVIL}));
        assert!(!drawn.contains("<script"), "{drawn}");
        html::read(&drawn);
    }
}

#[test]
fn no_address_runs_a_script() {
    let drawn = component(
        "{{ nb.button('a', href=x) }}{{ nb.back_link(x) }}{{ nb.card('c', href=x) }}{{ nb.post_button('p', x, 't') }}\
         {{ nb.breadcrumbs([{'text': 'b', 'href': x}]) }}{{ nb.summary_list([{'key': 'k', 'value': 'v', 'href': x}]) }}",
        json!({"x": "javascript:alert(1)"}),
    );
    assert!(!drawn.contains("javascript:"), "{drawn}");
}

#[test]
fn the_shell_escapes_names_and_messages() {
    let mut page = frame(Locale::Vi);
    page.user.name = EVIL.into();
    page.province.name = EVIL.into();
    page.province.hotline = EVIL.into();
    page.path = EVIL.into();
    page.csrf = EVIL.into();
    page.title = Some(EVIL.into());
    page.flash = Some(render::Flash {
        kind: render::FlashKind::Info,
        text: EVIL.into(),
    });
    for layout in ["citizen", "officer", "plain"] {
        let source = format!(
            "{{% extends 'layouts/{layout}.html' %}}{{% block main %}}{{{{ t('layout.step', number=page.user.name, total=1) }}}}{{% endblock %}}"
        );
        let drawn = with("p.html", source)
            .page("p.html", Locale::Vi, json!({"page": page}))
            .unwrap();
        assert!(!drawn.contains("<script>") && !drawn.contains("<img src=x"), "{layout}");
        html::check(&drawn);
    }
}

#[test]
fn only_texts_marked_as_markup_are_markup() {
    let renderer = Renderer::builder()
        .texts(
            Locale::Vi,
            "apps.sample",
            "plain = \"<b>{name}</b>\"\nrich_html = \"<b>{name}</b> {name}\"",
        )
        .templates(|| {
            vec![(
                "t.html".into(),
                "{{ t('apps.sample.plain', name=x) }}|{{ t('apps.sample.rich_html', name=x) }}".into(),
            )]
        })
        .build()
        .unwrap();
    let drawn = renderer.page("t.html", Locale::Vi, json!({"x": "<i>{name}"})).unwrap();
    assert_eq!(
        drawn,
        "&lt;b&gt;&lt;i&gt;{name}&lt;/b&gt;|<b>&lt;i&gt;{name}</b> &lt;i&gt;{name}"
    );
}

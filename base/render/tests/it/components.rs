use render::{Flash, FlashKind, Locale, RenderFault, Renderer, UserKind};
use serde_json::json;

use crate::{component, frame, html, with};

fn gallery(name: &str, source: &'static str, locale: Locale) -> String {
    let mut page = frame(locale);
    if name == "officer" {
        page.user.kind = UserKind::Official;
        page.user.may = vec!["workflow.save_calendar".into()];
        page.path = "/can-bo/tim?q=1".into();
    }
    page.flash = Some(Flash {
        kind: FlashKind::Error,
        text: "Chưa lưu được".into(),
    });
    page.demo = true;
    let context = json!({
        "page": page,
        "errors": [{"field": "owner.number", "text": "Sai"}, {"field": "staff", "text": "Chọn"}, {"field": "", "text": "Chung"}],
        "districts": [{"code": "934", "name": "Huyện A", "wards": [{"code": "31411", "name": "Xã B"}]}, {"code": "1", "name": "Huyện C", "wards": []}],
        "rows": [{"class": "nb-row--late", "cells": [{"text": "H30", "href": "/x", "code": true}, "An", "Thủ tục", "Mới", "Còn 1 ngày", 8000]}],
    });
    with("gallery.html", source)
        .page("gallery.html", locale, context)
        .expect("gallery draws")
}

#[test]
fn every_component_makes_sound_html_in_both_languages() {
    for locale in Locale::ALL {
        for (name, source) in [
            ("citizen", include_str!("../../examples/gallery/citizen.html")),
            ("officer", include_str!("../../examples/gallery/officer.html")),
        ] {
            let drawn = gallery(name, source, locale);
            let elements = html::check(&drawn);
            assert_eq!(elements[0].get("lang"), Some(locale.tag()));
            assert!(!drawn.contains("[layout."), "a text is missing");
            // Each line of the error summary leads to a control or a group on the page.
            for link in elements
                .iter()
                .filter_map(|e| e.get("href"))
                .filter(|href| href.starts_with("#f-"))
            {
                let target = elements.iter().find(|e| e.get("id") == Some(&link[1..]));
                assert!(target.is_some(), "{link} leads nowhere");
            }
        }
    }
}

#[test]
fn an_error_is_tied_to_its_control() {
    let drawn = component(
        "{{ nb.text_field('owner.phone', 'Số', hint='Mười số', error='Thiếu số') }}",
        (),
    );
    let elements = html::check(&drawn);
    let input = elements.iter().find(|e| e.name == "input").unwrap();
    assert_eq!(input.get("id"), Some("f-owner-phone"));
    assert_eq!(input.get("name"), Some("owner.phone"));
    assert_eq!(
        input.get("aria-describedby").map(str::trim),
        Some("f-owner-phone-hint f-owner-phone-error")
    );
    assert_eq!(input.get("aria-invalid"), Some("true"));
    assert!(drawn.contains("Lỗi:") && drawn.contains("Thiếu số"));
}

#[test]
fn a_group_carries_its_notes_on_the_fieldset() {
    for call in [
        "{{ nb.date_field('born', 'Sinh', hint='h', error='e', value={'day': '1'}) }}",
        "{{ nb.radios_field('kind', 'Loại', [{'value': 'a', 'label': 'A'}], hint='h', error='e') }}",
        "{{ nb.checkboxes_field('kind', 'Loại', [{'value': 'a', 'label': 'A'}], hint='h', error='e') }}",
        "{{ nb.address_field('place', 'Nơi', [{'code': '', 'name': '', 'wards': []}], hint='h', error='e') }}",
    ] {
        let elements = html::check(&component(call, ()));
        let group = elements.iter().find(|e| e.name == "fieldset").expect(call);
        assert!(
            group
                .get("aria-describedby")
                .is_some_and(|ids| ids.contains("-hint") && ids.contains("-error")),
            "{call}"
        );
        assert_eq!(
            group.get("aria-invalid"),
            None,
            "aria-invalid is not allowed on a group"
        );
    }
}

#[test]
fn chosen_values_come_back() {
    let drawn = component(
        "{{ nb.radios_field('n', 'L', [{'value': 1, 'label': 'A'}, {'value': 2, 'label': 'B'}], value='2') }}\
         {{ nb.checkboxes_field('m', 'L', [{'value': 'x', 'label': 'X'}, {'value': 'y', 'label': 'Y'}], value=['y']) }}\
         {{ nb.select_field('s', 'L', [{'label': 'G', 'options': [{'value': 'p', 'label': 'P'}]}], value='p') }}",
        (),
    );
    let elements = html::check(&drawn);
    let chosen: Vec<_> = elements
        .iter()
        .filter(|e| e.get("checked").is_some() || e.get("selected").is_some())
        .map(|e| e.get("value").unwrap())
        .collect();
    assert_eq!(chosen, ["2", "y", "p"]);
}

#[test]
fn a_province_without_districts_has_no_district_box() {
    let drawn = component(
        "{{ nb.address_field('place', 'Nơi', [{'code': '', 'name': 'Cần Thơ', 'wards': [{'code': '1', 'name': 'Phường'}]}], value=none) }}",
        (),
    );
    html::check(&drawn);
    assert!(!drawn.contains("place.district") && drawn.contains("place.ward"));
}

#[test]
fn a_one_question_page_has_its_label_in_the_heading() {
    let elements = html::check(&component("{{ nb.text_field('q', 'Tên quán?', heading=true) }}", ()));
    assert_eq!(elements.iter().filter(|e| e.name == "h1").count(), 1);
}

#[test]
fn absent_values_print_nothing_and_unknown_names_are_errors() {
    let renderer = with("x.html", "[{{ value }}]");
    assert_eq!(
        renderer.page("x.html", Locale::Vi, json!({"value": null})).unwrap(),
        "[]"
    );
    let fault = renderer.page("x.html", Locale::Vi, json!({})).unwrap_err();
    assert!(
        matches!(&fault, RenderFault::Template { template, line: 1, .. } if template == "x.html"),
        "{fault}"
    );
    assert!(renderer.page("none.html", Locale::Vi, ()).is_err());
}

#[test]
fn broken_sets_are_found_at_start() {
    let broken = Renderer::builder()
        .templates(|| vec![("bad.html".into(), "\n{% if %}".into())])
        .build();
    assert!(matches!(broken.err(), Some(RenderFault::Template { line: 2, .. })));
    let twice = Renderer::builder()
        .templates(|| vec![("layouts/base.html".into(), String::new())])
        .build();
    assert!(matches!(twice.err(), Some(RenderFault::TwiceRegistered(name)) if name == "layouts/base.html"));
}

#[test]
fn the_shell_shows_who_reads_and_the_way_back_to_the_same_page() {
    let mut page = frame(Locale::Vi);
    page.path = "/thu-tuc?q=hộ&trang=2".into();
    let source = "{% extends 'layouts/citizen.html' %}{% block main %}<h1>A</h1>{% endblock %}";
    let drawn = with("p.html", source)
        .page("p.html", Locale::Vi, json!({"page": page}))
        .unwrap();
    let elements = html::check(&drawn);
    assert!(
        drawn.contains("Nguyễn Thị Hường") && drawn.contains("action=\"/dang-xuat\"") && !drawn.contains("/dang-nhap")
    );
    assert!(
        elements
            .iter()
            .any(|e| e.get("href") == Some("/ngon-ngu/en?ve=%2Fthu-tuc%3Fq%3Dh%E1%BB%99%26trang%3D2"))
    );
    assert!(
        elements
            .iter()
            .any(|e| e.name == "a" && e.get("href") == Some("/thu-tuc") && e.get("aria-current") == Some("page"))
    );
    assert!(!drawn.contains("<aside"), "an empty aside is not drawn");
    page.user = render::PageUser::default();
    let drawn = with("p.html", source)
        .page(
            "p.html",
            Locale::Vi,
            json!({"page": page, "errors": [{"field": "a", "text": "b"}]}),
        )
        .unwrap();
    assert!(drawn.contains("/dang-nhap") && !drawn.contains("/dang-xuat") && drawn.contains("<title>Lỗi:"));
}

#[test]
fn the_plain_layout_shows_nothing_personal() {
    let source = "{% extends 'layouts/plain.html' %}{% block main %}<h1>A</h1>{% endblock %}";
    let drawn = with("p.html", source)
        .page("p.html", Locale::En, json!({"page": frame(Locale::En)}))
        .unwrap();
    html::check(&drawn);
    assert!(!drawn.contains("Hường") && drawn.contains("Skip to main content"));
}

#[test]
fn assets_are_named_by_the_manifest() {
    let manifest = render::AssetManifest::from_json(r#"{"citizen.css": "citizen.abc.css"}"#).unwrap();
    let renderer = Renderer::builder()
        .assets(manifest)
        .templates(|| vec![("a.html".into(), "{{ asset('citizen.css') }}".into())])
        .build()
        .unwrap();
    assert_eq!(
        renderer.page("a.html", Locale::Vi, ()).unwrap(),
        "/assets/citizen.abc.css"
    );
    assert!(render::AssetManifest::from_json("[]").is_err());
    assert!(render::asset_file("../../Cargo.toml").is_none());
}

//! Components, escaping, texts and papers, through the public interface.

mod components;
mod documents;
mod escaping;
mod html;
mod texts;

use render::{Locale, PageFrame, PageUser, ProvinceFrame, Renderer, UserKind};

/// The shell of a page for somebody signed in.
fn frame(locale: Locale) -> PageFrame {
    PageFrame {
        locale,
        title: Some("Trang thử".into()),
        user: PageUser {
            signed_in: true,
            kind: UserKind::Citizen,
            name: "Nguyễn Thị Hường".into(),
            ..PageUser::default()
        },
        unread: 2,
        csrf: "token-of-the-session".into(),
        path: "/thu-tuc".into(),
        province: ProvinceFrame {
            name: "Tỉnh Hậu Giang".into(),
            hotline: "1022".into(),
            emblem: None,
        },
        flash: None,
        demo: false,
    }
}

/// A renderer with one more template.
fn with(name: &'static str, source: impl Into<String>) -> Renderer {
    let source = source.into();
    Renderer::builder()
        .templates(move || vec![(name.into(), source.clone())])
        .build()
        .expect("templates parse")
}

/// Draws one call of the components, imported as `nb`.
fn component(call: &str, context: impl serde::Serialize) -> String {
    let source = format!("{{% import \"components/all.html\" as nb %}}{call}");
    with("one.html", source)
        .page("one.html", Locale::Vi, context)
        .expect("component draws")
}

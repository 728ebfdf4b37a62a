use render::{Locale, Params, Renderer, Texts};

use crate::with;

#[test]
fn every_key_in_a_template_has_words_in_both_languages() {
    let renderer = Renderer::builder().build().unwrap();
    assert!(renderer.text_keys().len() > 60, "the keys of the layouts are found");
    assert_eq!(renderer.missing_texts(), Vec::<String>::new());
    let gap = with(
        "x.html",
        "{{ t(\"layout.no_such_text\") }}{{ t(\"layout.no_such.\" ~ kind) }}",
    );
    assert_eq!(gap.missing_texts().len(), 4, "one gap a language and key");
}

#[test]
fn both_languages_have_the_same_layout_keys_in_composed_form() {
    let texts = Texts::embedded().unwrap();
    let layout = |locale| {
        texts
            .keys(locale)
            .into_iter()
            .filter(|key| key.starts_with("layout."))
            .collect::<Vec<_>>()
    };
    assert_eq!(layout(Locale::Vi), layout(Locale::En));
    for locale in Locale::ALL {
        for key in layout(locale) {
            let text = texts.get(locale, &key, &Params::new());
            assert_eq!(text, kernel::text::nfc(&text), "{key} is not NFC");
            assert!(!text.trim().is_empty(), "{key} is empty");
        }
    }
}

#[test]
fn places_are_filled_once_and_english_counts() {
    let mut texts = Texts::default();
    texts
        .add(Locale::Vi, "a", "left = \"Còn {count} ngày, {who}\"")
        .unwrap();
    texts
        .add(
            Locale::En,
            "a",
            "[left]\none = \"{count} day\"\nother = \"{count} days\"",
        )
        .unwrap();
    let params = |count: &str| Params::from([("count".into(), count.into()), ("who".into(), "{count}".into())]);
    assert_eq!(texts.get(Locale::Vi, "a.left", &params("1")), "Còn 1 ngày, {count}");
    assert_eq!(texts.get(Locale::En, "a.left", &params("1")), "1 day");
    assert_eq!(texts.get(Locale::En, "a.left", &params("0")), "0 days");
}

#[test]
fn a_gap_is_visible_and_does_not_break_the_page() {
    let mut texts = Texts::default();
    texts.add(Locale::Vi, "a", "only_vi = \"Chào\"").unwrap();
    assert_eq!(texts.get(Locale::En, "a.only_vi", &Params::new()), "Chào");
    assert_eq!(texts.get(Locale::En, "a.nothing", &Params::new()), "[a.nothing]");
    assert_eq!(
        texts.error(Locale::Vi, "dossiers.no_words", &Params::new()),
        "[errors.dossiers.no_words]"
    );
    assert_eq!(texts.find(Locale::En, "a.only_vi", &Params::new()), None);
}

#[test]
fn a_file_that_is_not_texts_is_refused_by_name() {
    let fault = Texts::default().add(Locale::Vi, "bad", "n = 3").unwrap_err();
    assert_eq!(fault.to_string(), "texts vi/bad: bad.n is not a text");
    assert!(Texts::default().add(Locale::Vi, "bad", "n = ").is_err());
}

#[test]
fn the_reader_s_languages_are_honoured() {
    assert_eq!(Locale::from_accept_language("en-GB,en;q=0.9,vi;q=0.8"), Locale::En);
    assert_eq!(Locale::from_accept_language("fr, vi;q=0.5, en;q=0.4"), Locale::Vi);
    assert_eq!(Locale::from_accept_language("en;q=0"), Locale::Vi);
    assert_eq!(Locale::from_accept_language(""), Locale::Vi);
    assert!("fr".parse::<Locale>().is_err());
}

#[test]
fn tables_of_all_engines_stand_at_the_root() {
    let mut texts = Texts::default();
    texts
        .add(
            Locale::Vi,
            "files",
            "[errors.files]\nempty = \"Trống\"\n[files.kind]\npdf = \"PDF\"\n[shelf]\nfull = \"Đầy\"",
        )
        .unwrap();
    assert_eq!(texts.error(Locale::Vi, "files.empty", &Params::new()), "Trống");
    assert!(texts.has(Locale::Vi, "files.kind.pdf") && texts.has(Locale::Vi, "files.shelf.full"));
}

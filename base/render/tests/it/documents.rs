use render::{DocumentFault, Documents, qr};
use serde_json::json;

const SAMPLE: &str = include_str!("../../examples/gallery/sample.typ");

fn documents(name: &str, source: &str) -> Documents {
    Documents::new([(name.to_owned(), source.to_owned())]).expect("the name is good")
}

fn sample() -> serde_json::Value {
    json!({"date": "2026-11-23", "owner": "Nguyễn Thị Hường"})
}

#[test]
fn a_letter_becomes_the_same_pdf_every_time() {
    let code = qr::svg("https://example.vn/kiem-chung/1").unwrap();
    let make = || {
        documents("sample.typ", SAMPLE)
            .pdf("sample.typ", &sample(), Some(&code))
            .unwrap()
    };
    let first = make();
    assert!(first.starts_with(b"%PDF-"));
    assert!(first.len() > 10_000, "fonts are inside");
    assert_eq!(first, make());
    let readable = String::from_utf8_lossy(&first);
    assert!(
        readable.contains("/FontFile3") || readable.contains("/ObjStm"),
        "the file carries its fonts"
    );
    assert!(readable.contains("pdfaid"), "it says that it is PDF/A");
}

#[test]
fn data_is_shown_as_text_and_never_run() {
    let template = "#let data = json(\"/data.json\")\n#data.text";
    let hostile = json!({"text": "#panic(\"run\") $ * _ <label> @ref", "date": "2026-01-01"});
    assert!(documents("t.typ", template).pdf("t.typ", &hostile, None).is_ok());
}

#[test]
fn a_fault_names_file_and_line() {
    let fault = documents("app/t.typ", "Một\n\n#let data = json(\"/data.json\")\n#data.nothing")
        .pdf("app/t.typ", &json!({}), None)
        .unwrap_err();
    match fault {
        DocumentFault::Compile { file, line, message } => {
            assert_eq!((file.as_str(), line), ("app/t.typ", 4));
            assert!(message.contains("nothing"), "{message}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_template_reaches_no_disk_no_package_and_no_clock() {
    for source in [
        "#read(\"/etc/hostname\")",
        "#read(\"../Cargo.toml\")",
        "#import \"@preview/cetz:0.3.0\"",
        "#datetime.today()",
        "#image(\"/qr.svg\")",
    ] {
        let made = documents("t.typ", source).pdf("t.typ", &json!({}), None);
        assert!(matches!(made, Err(DocumentFault::Compile { .. })), "{source}");
    }
}

#[test]
fn wrong_names_and_too_much_data_are_refused() {
    let good = documents("t.typ", "x");
    assert!(matches!(
        good.pdf("other.typ", &json!({}), None),
        Err(DocumentFault::UnknownTemplate(_))
    ));
    assert!(matches!(
        good.pdf("t.typ", &json!("x".repeat(2_000_000)), None),
        Err(DocumentFault::DataTooLarge(_))
    ));
    for name in ["t.txt", "../t.typ", "/t.typ", "letter.typ", "a\\b.typ"] {
        assert!(
            matches!(
                Documents::new([(name.to_owned(), String::new())]),
                Err(DocumentFault::Name(_))
            ),
            "{name}"
        );
    }
    assert_eq!(good.names().collect::<Vec<_>>(), ["letter.typ", "t.typ"]);
}

#[test]
fn what_no_face_can_show_never_stops_a_paper() {
    let template = "#let data = json(\"/data.json\")\n#data.text.join(\" \") #strong(data.more.text)";
    let texts = [
        "Vui 😀 漢字 ع ไทย",
        "👩‍👩‍👧️",
        "\u{0}\u{7}\u{202e}x\u{ad}y",
        "\u{e000}\u{10ffff}",
        "a\u{200b}b",
    ];
    let data = json!({ "text": texts, "more": { "text": "đậm 😀" } });
    let made = documents("t.typ", template).pdf("t.typ", &data, None);
    assert!(made.is_ok(), "{made:?}");
}

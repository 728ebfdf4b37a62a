//! The papers: every template of the engine and of the systems becomes a PDF, whatever people typed, and says what it must.

mod case;

use std::process::{Command, Stdio};
use std::{io::Write, sync::LazyLock};

use render::{Documents, Locale, Params, Renderer, qr};
use serde_json::{Map, Value, json};

const EXTRACT: &str = include_str!("../../../../apps/civil-extract/documents/extract.typ");
const BIRTH: &str = include_str!("../../../../apps/birth-registration/documents/certificate.typ");
const BUSINESS: &str = include_str!("../../../../apps/household-business/documents/certificate.typ");

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| {
    let systems = [
        ("civil-extract/extract.typ", EXTRACT),
        ("birth-registration/certificate.typ", BIRTH),
        ("household-business/certificate.typ", BUSINESS),
    ];
    let systems = systems.map(|(name, source)| (name.to_owned(), source.to_owned()));
    Documents::new(dossiers::documents::templates().into_iter().chain(systems)).expect("the names are good")
});

static RENDERER: LazyLock<Renderer> = LazyLock::new(|| {
    let systems = [
        (
            "civil-extract",
            include_str!("../../../../apps/civil-extract/texts/vi.toml"),
        ),
        (
            "birth-registration",
            include_str!("../../../../apps/birth-registration/texts/vi.toml"),
        ),
        (
            "household-business",
            include_str!("../../../../apps/household-business/texts/vi.toml"),
        ),
    ];
    let builder = systems.into_iter().fold(Renderer::builder(), |builder, (app, texts)| {
        builder.texts(Locale::Vi, &format!("apps.{app}"), texts)
    });
    builder.build().expect("the texts are good")
});

/// The texts below a key.
fn texts(prefix: &str) -> Value {
    let texts = RENDERER.texts();
    let mut all = Map::new();
    for key in texts.keys(Locale::Vi) {
        let Some(rest) = key.strip_prefix(&format!("{prefix}.")) else {
            continue;
        };
        let words = texts.get(Locale::Vi, &key, &Params::new());
        match rest.split_once('.') {
            None => all.insert(rest.to_owned(), words.into()),
            Some((table, name)) => {
                let inner = all.entry(table).or_insert_with(|| json!({}));
                inner.as_object_mut().unwrap().insert(name.to_owned(), words.into())
            }
        };
    }
    assert!(!all.is_empty(), "{prefix} has texts");
    Value::Object(all)
}

const CODE: &str = "0123456789ABCDEFGHJK";

/// A case with the least that a case can have.
fn bare(texts_of: &str) -> Value {
    json!({
        "date": "2026-03-02",
        "number": "05/TNHS",
        "agency": { "superior": "", "name": "Ủy ban nhân dân phường Ngã Bảy", "place": "Ngã Bảy" },
        "texts": texts(texts_of),
        "words": texts("documents.frame"),
        "dossier": {
            "code": "H30.43.12-260302-0001",
            "procedure_code": "2.000635",
            "procedure_name": "Cấp bản sao trích lục hộ tịch",
            "title": "Bản sao giấy hộ tịch",
            "owner_name": "Nguyễn Thị Hường",
            "owner_number": null,
            "submitter_name": "Nguyễn Thị Hường",
            "phone": null,
            "email": null,
            "receiving_name": "Ủy ban nhân dân phường Ngã Bảy",
            "submitted_at": "14 giờ 05 phút, ngày 02/03/2026",
            "received_at": null,
            "promised_at": null,
            "due_at": null,
            "length": "Trong ngày làm việc",
        },
        "summary": [],
        "answers": {},
        "shown": {},
        "result": {},
        "facts": {},
        "papers": [],
        "fees": [],
        "items": [],
        "reasons": [],
        "note": "",
        "reason": "",
        "signer": { "name": "", "title": "" },
        "follow": { "address": "https://example.vn/tra-cuu?ma=1", "qr": qr::svg("https://example.vn/tra-cuu?ma=1").unwrap() },
        "verification": { "code": CODE, "spelled": "01234-56789-ABCDE-FGHJK", "address": "https://example.vn/kiem-chung" },
    })
}

fn with(mut data: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        data[name] = value.clone();
    }
    data
}

/// The paper, and its text on one line where the machine has a reader of PDF.
fn draw(template: &str, data: &Value) -> (Vec<u8>, Option<String>) {
    let code = qr::svg(&format!("https://example.vn/kiem-chung/{CODE}")).unwrap();
    let pdf = DOCUMENTS
        .pdf(template, data, Some(&code))
        .unwrap_or_else(|fault| panic!("{template}: {fault}"));
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 10_000, "{template}");
    let text = text_of(&pdf);
    if let Some(text) = &text {
        assert!(text.contains("01234-56789-ABCDE-FGHJK"), "{template}: {text}");
        assert!(text.contains("https://example.vn/kiem-chung"), "{template}: {text}");
        assert!(
            text.contains("chưa được ký số"),
            "{template}: it says that nobody signed it"
        );
        assert!(
            text.contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
            "{template}: {text}"
        );
    }
    (pdf, text)
}

fn text_of(pdf: &[u8]) -> Option<String> {
    let mut reader = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut input = reader.stdin.take()?;
    let bytes = pdf.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = reader.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?.replace('\u{200b}', "");
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// That the text says all of these; nothing is asked of a machine without a reader.
fn says(text: &Option<String>, words: &[&str]) {
    for words in words {
        if let Some(text) = text {
            assert!(text.contains(words), "{words:?} is not in {text}");
        }
    }
}

const KINDS: [&str; 5] = ["reception", "supplement", "refusal", "apology", "answers"];

/// What a person may type who wants a template to run it, to look at a file, to leave the page, or only to smile.
fn hostile() -> Vec<String> {
    vec![
        "#panic(\"x\") #read(\"/etc/passwd\") #import \"/letter.typ\"".to_owned(),
        "$ x^2 $ *đậm* _nghiêng_ <nhãn> @tham-chiếu = Đề mục // ghi chú /* */ `mã` \\ \\u{0}".to_owned(),
        "\"); image(\"/qr.svg\") ]} </script>".to_owned(),
        "😀 漢字 \u{202e}ngược\u{7} a\u{ad}b".to_owned(),
        "dài ".repeat(125),
        "k".repeat(500),
    ]
}

#[test]
fn every_paper_is_drawn_with_the_least_that_a_case_has() {
    for kind in KINDS {
        let (_, text) = draw(&format!("dossiers/{kind}.typ"), &bare(&format!("documents.{kind}")));
        says(
            &text,
            &[
                "H30.43.12-260302-0001",
                "Ngã Bảy, ngày 02 tháng 3 năm 2026",
                "Số: 05/TNHS",
            ],
        );
    }
}

#[test]
fn what_people_typed_is_shown_as_text_on_every_paper() {
    for typed in hostile() {
        for kind in KINDS {
            let template = format!("dossiers/{kind}.typ");
            let mut data = with(
                bare(&format!("documents.{kind}")),
                json!({
                    "items": [{ "name": typed, "sort": typed, "what": typed }],
                    "reasons": [typed, typed],
                    "papers": [{ "name": typed, "count": 2 }],
                    "fees": [{ "name": typed, "amount": "8.000 đồng", "state": typed }],
                    "summary": [{ "title": typed, "rows": [{ "field": "x", "label": typed, "value": typed }] }],
                    "note": typed,
                    "reason": typed,
                    "signer": { "name": typed, "title": typed },
                }),
            );
            for field in [
                "title",
                "owner_name",
                "submitter_name",
                "phone",
                "email",
                "receiving_name",
            ] {
                data["dossier"][field] = json!(typed);
            }
            data["agency"] = json!({ "superior": typed, "name": typed, "place": typed });
            let (_, text) = draw(&template, &data);
            if typed.starts_with("#panic") {
                says(&text, &["#panic(\"x\")", "#read(\"/etc/passwd\")"]);
            }
            if let Some(text) = text {
                assert!(!text.contains("root:"), "{template}");
            }
        }
    }
}

#[test]
fn a_receipt_says_what_was_taken_in_and_when_the_result_comes() {
    let mut data = with(
        bare("documents.reception"),
        json!({
            "papers": [{ "name": "Văn bản ủy quyền", "count": 2 }],
            "fees": [{ "name": "Phí cấp bản sao", "amount": "16.000 đồng", "state": "Nộp khi nhận kết quả" }],
            "signer": { "name": "Lê Thị Mai", "title": "Công chức một cửa" },
        }),
    );
    data["dossier"]["due_at"] = json!("17 giờ 00 phút, ngày 02/03/2026");
    let (_, text) = draw("dossiers/reception.typ", &data);
    says(
        &text,
        &[
            "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
            "Nguyễn Thị Hường",
            "Văn bản ủy quyền 2",
            "Phí cấp bản sao 16.000 đồng",
            "17 giờ 00 phút, ngày 02/03/2026",
            "https://example.vn/tra-cuu?ma=1",
            "Lê Thị Mai",
            "(chưa ký số)",
        ],
    );
}

#[test]
fn a_result_shows_what_is_known_and_says_of_the_rest_that_it_is_not() {
    for kind in [
        "birth_certificate",
        "marriage",
        "death",
        "recognition",
        "guardianship",
        "correction",
    ] {
        let data = with(
            bare("apps.civil-extract.documents.extract"),
            json!({
                "answers": { "extract_kind": kind, "whose": "relative" },
                "shown": { "subject_name": "Trần Văn Bé", "requester_name": "Nguyễn Thị Hường", "copies": "2" },
                "result": { "register_name": "Trần Văn Bé", "wife_name": "Lê Thị Bông", "husband_name": "Trần Văn Bé" },
            }),
        );
        let (_, text) = draw("civil-extract/extract.typ", &data);
        says(&text, &["TRẦN VĂN BÉ", "không có thông tin", "(Bản sao)"]);
        if let Some(text) = text {
            assert!(
                !text.contains("NGUYỄN THỊ HƯỜNG"),
                "{kind}: who asks is not who it is about"
            );
        }
    }
    let own = with(
        bare("apps.civil-extract.documents.extract"),
        json!({
            "answers": { "extract_kind": "birth_certificate", "whose": "mine" },
            "shown": { "requester_name": "Nguyễn Thị Hường", "requester_number": "093190000001" },
            "result": { "register_name": "Nguyễn Thị Hường", "register_mother": "Lê Thị Bông" },
        }),
    );
    let (_, text) = draw("civil-extract/extract.typ", &own);
    says(&text, &["NGUYỄN THỊ HƯỜNG", "Lê Thị Bông", "GIẤY KHAI SINH"]);
    if let Some(text) = text {
        assert!(
            !text.contains("093190000001"),
            "what was declared is not what the register says"
        );
    }
}

#[test]
fn a_marriage_has_a_column_for_each_whoever_asks() {
    let facts = json!({
        "register_number": "7/2001", "register_book": "02/2001", "register_date": "09/09/2001",
        "wife_name": "Lê Thị Bông", "wife_birth_date": "01/02/1975", "husband_name": "Trần Văn Bé", "husband_birth_date": "03/04/1973",
    });
    for whose in ["mine", "relative"] {
        let data = with(
            bare("apps.civil-extract.documents.extract"),
            json!({
                "answers": { "extract_kind": "marriage", "whose": whose },
                "shown": { "requester_name": "Trần Văn Con", "subject_name": "Trần Văn Bé", "spouse_name": "Lê Thị Bông" },
                "result": facts,
            }),
        );
        let (_, text) = draw("civil-extract/extract.typ", &data);
        says(
            &text,
            &[
                "Vợ Chồng",
                "LÊ THỊ BÔNG TRẦN VĂN BÉ",
                "01/02/1975 03/04/1973",
                "Số: 7/2001",
                "Quyển số: 02/2001",
            ],
        );
        if let Some(text) = text {
            assert!(
                !text.contains("Người có yêu cầu") && !text.contains("TRẦN VĂN CON"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_birth_certificate_takes_the_parent_who_asks_and_leaves_an_unknown_father_blank() {
    let shown = json!({
        "child_name": "Nguyễn Hoàng Gia Bảo",
        "child_birth_date": "21/11/2015",
        "requester_name": "Nguyễn Thị Hường",
        "father_name": "Trần Văn Không",
    });
    let data = |relation: &str, parents: &str| {
        with(
            bare("apps.birth-registration.documents.certificate"),
            json!({
                "answers": {
                    "relation": relation,
                    "parents": parents,
                    "child_birth_date": "2015-11-21",
                    "requester_birth_date": "1990-03-02",
                },
                "shown": shown,
            }),
        )
    };
    let (_, text) = draw("birth-registration/certificate.typ", &data("mother", "mother_only"));
    says(
        &text,
        &[
            "NGUYỄN HOÀNG GIA BẢO",
            "Ngày hai mươi mốt tháng mười một năm hai nghìn không trăm mười lăm",
            "người mẹ: NGUYỄN THỊ HƯỜNG",
            "Năm sinh: 1990",
            "Số định danh cá nhân: cấp sau",
        ],
    );
    let registered = with(
        data("mother", "mother_only"),
        json!({ "result": { "register_number": "12/2026", "register_book": "01/2026", "register_date": "02/03/2026", "child_number": "093215000123" } }),
    );
    let (_, known) = draw("birth-registration/certificate.typ", &registered);
    says(
        &known,
        &[
            "Ngày đăng ký: 02/03/2026",
            "Số trong sổ: 12/2026",
            "Quyển số: 01/2026",
            "Số định danh cá nhân: 093215000123",
        ],
    );
    if let Some(text) = text {
        assert!(!text.contains("TRẦN VĂN KHÔNG"), "no father is named: {text}");
    }
    let (_, text) = draw("birth-registration/certificate.typ", &data("grandparent", "married"));
    says(&text, &["TRẦN VĂN KHÔNG", "người mẹ: KHÔNG CÓ THÔNG TIN"]);
    let (_, text) = draw("birth-registration/certificate.typ", &data("relative", "abandoned"));
    if let Some(text) = text {
        assert!(!text.contains("TRẦN VĂN KHÔNG"), "{text}");
    }
}

#[test]
fn a_business_certificate_lists_every_line_and_member() {
    let data = with(
        bare("apps.household-business.documents.certificate"),
        json!({
            "answers": { "acting": "authorised", "founders": "family" },
            "shown": {
                "business_name": "Tạp hóa Năm Thành",
                "main_line": "Bán lẻ gạo",
                "other_lines": "Bán lẻ đồ uống\nBán lẻ hàng gia dụng",
                "members": "Nguyễn Văn Thành\nLê Thị Năm",
                "capital": "50.000.000 đồng",
                "owner_name": "Nguyễn Văn Thành",
                "requester_name": "Phạm Văn Nộp",
            },
            "result": { "main_line_code": "4721", "other_line_codes": "4723, 4759", "owner_sex": "Nam" },
        }),
    );
    let (_, text) = draw("household-business/certificate.typ", &data);
    says(
        &text,
        &[
            "TẠP HÓA NĂM THÀNH",
            "Bán lẻ gạo (ngành chính) 4721",
            "3 Bán lẻ hàng gia dụng 4759",
            "Giới tính: Nam",
            "NGUYỄN VĂN THÀNH",
            "Lê Thị Năm",
            "50.000.000 đồng",
            "Mã số hộ kinh doanh: không có thông tin",
        ],
    );
    if let Some(text) = text {
        assert!(
            !text.to_uppercase().contains("PHẠM VĂN NỘP"),
            "who hands in is not the owner"
        );
    }
}

#[test]
fn every_result_is_drawn_with_nothing_but_hostile_answers() {
    for (template, texts_of, fields) in [
        (
            "civil-extract/extract.typ",
            "apps.civil-extract.documents.extract",
            ["register_name", "registered_at", "copies"],
        ),
        (
            "birth-registration/certificate.typ",
            "apps.birth-registration.documents.certificate",
            ["child_name", "mother_name", "child_home_town"],
        ),
        (
            "household-business/certificate.typ",
            "apps.household-business.documents.certificate",
            ["business_name", "other_lines", "requester_name"],
        ),
    ] {
        draw(template, &bare(texts_of));
        for typed in hostile() {
            let shown: Map<String, Value> = fields.iter().map(|field| ((*field).to_owned(), json!(typed))).collect();
            draw(
                template,
                &with(bare(texts_of), json!({ "shown": shown, "result": shown })),
            );
        }
    }
}

#[test]
fn papers_have_words_in_both_languages() {
    let texts = Renderer::builder().build().unwrap().texts();
    let of = |locale| -> Vec<String> {
        let keys = texts.keys(locale).into_iter();
        keys.filter(|key| key.starts_with("documents.")).collect()
    };
    assert!(of(Locale::Vi).len() > 60);
    assert_eq!(of(Locale::Vi), of(Locale::En));
}

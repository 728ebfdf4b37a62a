//! What a citizen does: asks, answers, submits, looks, supplies, takes back.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use compose::scenarios::{Act, Ask};
use dossiers::model::SupplementKind;
use serde_json::{Value, json};

use crate::town::{Browser, PICTURE, Reply, Town, between};

/// The largest page of a task as it leaves the server, uncompressed.
const HEAVIEST: usize = 30 << 10;

/// A page, what is typed there, and the page that follows.
type Step = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Answers every question of the copy of a birth certificate, up to the papers. Gives the address of the draft.
async fn answer_all(browser: &Browser<'_>) -> String {
    let begun = browser
        .post("/thu-tuc/2.000635/bat-dau", "/thu-tuc/2.000635/bat-dau", &[])
        .await;
    let first = begun.location().to_owned();
    let base = first.strip_suffix("/kind").unwrap().to_owned();
    let pages: [Step; 7] = [
        ("kind", &[("extract_kind", "birth_certificate")], "belongs_to"),
        ("belongs_to", &[("whose", "mine")], "place"),
        (
            "place",
            &[("registered_at.district", "931"), ("registered_at.ward", "31340")],
            "record",
        ),
        ("record", &[("registered_year", ""), ("record_number", "")], "how_many"),
        ("how_many", &[("copies", "2")], "requester"),
        (
            "requester",
            &[
                ("requester_name", "Nguyễn Thị Lan"),
                ("requester_number", "001092000017"),
                ("requester_residence.ward", "31340"),
                ("requester_residence.detail", "Khu vực Bông Súng"),
            ],
            "contact",
        ),
        ("contact", &[("phone", "0912 345 678"), ("email", "")], "papers"),
    ];
    for (page, fields, next) in pages {
        let at = format!("{base}/{page}");
        let seen = browser.get(&at).await;
        seen.is(StatusCode::OK).shows("Bước ");
        assert!(seen.text.len() < HEAVIEST, "{page}: {}", seen.text.len());
        let saved = browser.post(&at, &at, fields).await;
        assert_eq!(saved.location(), format!("{base}/{next}"), "{page}");
    }
    base
}

/// Goes past the papers, declares and submits. Gives the address of the receipt.
async fn submit(browser: &Browser<'_>, base: &str) -> String {
    let papers = format!("{base}/papers");
    let passed = browser.post(&papers, &papers, &[]).await;
    assert_eq!(passed.location(), format!("{base}/kiem-tra"));
    let check = format!("{base}/kiem-tra");
    let sent = browser
        .post(&check, &format!("{base}/nop"), &[("cam_doan", "true")])
        .await;
    sent.location().to_owned()
}

// shows: R072
#[tokio::test]
async fn a_citizen_applies_page_by_page_and_takes_the_dossier_back() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;

    // Anybody reads what it takes; the button leads through the sign-in and back.
    let stranger = town.stranger().await;
    let start = stranger.get("/thu-tuc/2.000635").await;
    start
        .shows("Bạn xin cho mình")
        .shows("/dang-nhap?ve=/thu-tuc/2.000635/bat-dau");
    let turned = stranger.get("/thu-tuc/2.000635/bat-dau").await;
    assert_eq!(turned.location(), "/dang-nhap?ve=/thu-tuc/2.000635/bat-dau");

    let lan = town.sign_in("lan").await;
    let base = answer_all(&lan).await;

    // Everything once more, with the sum and whoever will receive it; without the declaration nothing is sent.
    let check = format!("{base}/kiem-tra");
    let papers = format!("{base}/papers");
    lan.post(&papers, &papers, &[]).await;
    let page = lan.get(&check).await;
    page.is(StatusCode::OK)
        .shows("16.000 đ")
        .shows("Ủy ban nhân dân phường Ngã Bảy")
        .shows("Giấy khai sinh")
        .shows(&format!("{base}/how_many#f-copies"));
    let send = format!("{base}/nop");
    let refused = lan.post(&check, &send, &[]).await;
    refused
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-cam_doan\"");

    // The button pressed twice makes one dossier.
    let sent = lan.post(&check, &send, &[("cam_doan", "true")]).await;
    let receipt = sent.location().to_owned();
    let token = crate::town::token(&lan.get("/hop-thu").await.text);
    let again = lan.post_with(&token, &send, &[("cam_doan", "true")]).await;
    assert_eq!(again.location(), receipt);
    assert_eq!(lan.get(&check).await.location(), receipt);
    assert_eq!(lan.get(&format!("{base}/kind")).await.location(), receipt);

    let code = "H30.31.01-260302-0001";
    for _ in 0..2 {
        let page = lan.get(&receipt).await;
        page.is(StatusCode::OK)
            .shows(code)
            .shows("<svg xmlns")
            .shows("/tra-cuu?ma=");
    }
    let home = receipt.strip_suffix("/bien-nhan").unwrap().to_owned();
    lan.get("/ho-so-cua-toi").await.shows(code).shows("Đã nộp");
    lan.get(&home)
        .await
        .is(StatusCode::OK)
        .shows("Nguyễn Thị Lan")
        .shows("Rút hồ sơ");

    // Whoever has the code learns where it stands and nothing about her.
    let tracked = stranger.get("/tra-cuu?ma=+h30.31.01-260302-0001+").await;
    tracked
        .is(StatusCode::OK)
        .shows("Đã nộp")
        .hides("Nguyễn Thị Lan")
        .hides("Bông Súng");
    for unknown in ["H30.31.01-260302-0999", "%3Cb%3E", "abc"] {
        let page = stranger.get(&format!("/tra-cuu?ma={unknown}")).await;
        page.is(StatusCode::NOT_FOUND)
            .shows("Không tìm thấy hồ sơ này")
            .hides("<b>");
    }

    // Taking it back asks for a reason first.
    let way = format!("{home}/rut");
    lan.get(&way).await.is(StatusCode::OK).shows("Rút hồ sơ này?");
    let refused = lan.post(&way, &way, &[("ly_do", " ")]).await;
    refused.is(StatusCode::UNPROCESSABLE_ENTITY).shows("href=\"#f-ly_do\"");
    let wordy = "Tôi nộp nhầm nơi. ".repeat(200);
    lan.post(&way, &way, &[("ly_do", &wordy)])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Chỗ này viết nhiều nhất 2000 ký tự")
        .shows("Tôi nộp nhầm nơi");
    let gone = lan.post(&way, &way, &[("ly_do", "Tôi nộp nhầm nơi")]).await;
    assert_eq!(gone.location(), format!("{home}?da=withdrawn"));
    let again = lan.post(&home, &way, &[("ly_do", "Tôi nộp nhầm nơi")]).await;
    assert_eq!(again.location(), gone.location(), "pressed twice");
    lan.get(gone.location())
        .await
        .shows("Bạn đã rút hồ sơ.")
        .shows("Tôi nộp nhầm nơi")
        .hides(&format!("href=\"{way}\""));
    assert_eq!(lan.get(&way).await.location(), home, "nothing is left to withdraw");
    stranger
        .get(&format!("/tra-cuu?ma={code}"))
        .await
        .shows("Đã rút")
        .hides("Tôi nộp nhầm nơi");
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_the_question_and_nothing_typed_is_lost() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;
    let lan = town.sign_in("lan").await;
    let base = answer_all(&lan).await;
    let at = format!("{base}/how_many");
    let wrong = lan.post(&at, &at, &[("copies", "hai bản")]).await;
    wrong
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-copies\"")
        .shows("value=\"hai bản\"")
        .shows("aria-invalid=\"true\"")
        .hides("[errors.");
    // It is there tomorrow, on another device.
    let later = town.sign_in("lan").await;
    later.get(&at).await.shows("value=\"hai bản\"");
    let check = format!("{base}/kiem-tra");
    let page = later.get(&check).await;
    page.shows("Còn thiếu mấy chỗ")
        .shows(&format!("{base}/how_many#f-copies"))
        .hides("name=\"cam_doan\"")
        .hides("[errors.");
    let sent = later.post(&at, &format!("{base}/nop"), &[("cam_doan", "true")]).await;
    sent.is(StatusCode::UNPROCESSABLE_ENTITY).hides("[errors.");
    // Nothing chosen at all.
    let kind = format!("{base}/kind");
    let wrong = later.post(&kind, &kind, &[]).await;
    wrong
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-extract_kind\"");
    // What stands in the account is filled in and marked.
    later
        .post(
            "/thu-tuc/2.000635/bat-dau",
            "/thu-tuc/2.000635/bat-dau",
            &[("moi", "1")],
        )
        .await
        .is(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_open_draft_is_gone_on_with_or_thrown_away() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;
    let lan = town.sign_in("lan").await;
    let way = "/thu-tuc/1.001193/bat-dau";
    let first = lan.post(way, way, &[]).await.location().to_owned();
    let base = first.strip_suffix("/who").unwrap();
    let page = lan.get(&first).await;
    page.shows("Bước 1/").shows("/ho-so-cua-toi");
    for fields in [&[][..], &[("moi", "1")]] {
        let again = lan.post(way, way, fields).await;
        assert_eq!(again.location(), first, "two presses begin one draft");
    }
    lan.post(&first, &first, &[]).await.is(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(lan.post(way, way, &[]).await.location(), way, "asked, not made anew");
    lan.get(way).await.shows(base).shows("Làm hồ sơ mới");
    lan.get("/thu-tuc/1.001193").await.shows(base);
    lan.get("/ho-so-cua-toi").await.shows(&format!("{base}/huy"));
    let second = lan.post(way, way, &[("moi", "1")]).await.location().to_owned();
    assert_ne!(first, second);
    let gone = format!("{base}/huy");
    lan.get(&gone).await.is(StatusCode::OK);
    assert_eq!(
        lan.post(&gone, &gone, &[]).await.location(),
        "/ho-so-cua-toi?da=draft_discarded"
    );
    lan.get(&first).await.is(StatusCode::NOT_FOUND);
    lan.get("/ho-so-cua-toi").await.hides(base);
}

#[tokio::test]
async fn papers_come_in_several_at_once_and_bad_ones_are_told_by_name() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;
    let lan = town.sign_in("lan").await;
    let base = answer_all(&lan).await;
    let page = format!("{base}/papers");
    let way = format!("{base}/giay-to/old_copy");
    let seen = lan.get(&page).await;
    seen.shows("Bản cũ còn giữ")
        .hides("Văn bản ủy quyền")
        .shows("20 MB")
        .shows("multipart/form-data");

    // Sent twice by a press too many, it is there once.
    for _ in 0..2 {
        let kept = lan.upload(&page, &way, &[("mat-truoc.png", PICTURE)]).await;
        assert_eq!(kept.location(), format!("{page}#f-papers-old_copy"));
    }
    let mixed = lan
        .upload(
            &page,
            &way,
            &[("mat sau.png", PICTURE), ("lạ.exe", b"MZ\x90"), ("rong.png", b"")],
        )
        .await;
    mixed
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("mat-truoc.png")
        .shows("mat sau.png")
        .shows("href=\"#f-papers-old_copy\"")
        .hides("[errors.");
    lan.get(&page).await.shows("Đã đủ số tệp");
    lan.upload(&page, &format!("{base}/giay-to/nothing"), &[("a.png", PICTURE)])
        .await
        .is(StatusCode::NOT_FOUND);
    assert_eq!(lan.get(&way).await.location(), format!("{page}#f-papers-old_copy"));

    // Looked at, and taken away; taking it away twice is no fault.
    let seen = lan.get(&page).await;
    let file = link(&seen, &format!("{base}/tep/"));
    let shown = lan.get(&file).await;
    shown.is(StatusCode::OK);
    assert_eq!(shown.headers[header::CONTENT_TYPE], "image/png");
    let id = file.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    for _ in 0..2 {
        let gone = lan.post(&page, &format!("{way}/xoa"), &[("tep", &id)]).await;
        assert_eq!(gone.location(), format!("{page}#f-papers-old_copy"));
    }
    let receipt = submit(&lan, &base).await;
    let home = receipt.strip_suffix("/bien-nhan").unwrap();
    let seen = lan.get(home).await;
    let paper = link(&seen, &format!("{home}/giay-to/"));
    let shown = lan.get(&paper).await;
    shown.is(StatusCode::OK);
    assert!(
        shown.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .starts_with("sandbox")
    );
}

#[tokio::test]
async fn nobody_else_sees_a_draft_or_a_dossier() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;
    town.citizen("Trần Văn Phúc", "phuc").await;
    let lan = town.sign_in("lan").await;
    let base = answer_all(&lan).await;
    let receipt = submit(&lan, &base).await;
    let home = receipt.strip_suffix("/bien-nhan").unwrap();
    let phuc = town.sign_in("phuc").await;
    for path in [
        base.clone(),
        format!("{base}/kind"),
        format!("{base}/kiem-tra"),
        format!("{base}/huy"),
        home.to_owned(),
        receipt.clone(),
        format!("{home}/rut"),
        format!("{home}/bo-sung"),
        "/ho-so-cua-toi/khong-phai-ma".to_owned(),
    ] {
        let page = phuc.get(&path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.hides("Nguyễn Thị Lan");
    }
    for (path, field) in [
        (format!("{base}/nop"), ("cam_doan", "true")),
        (format!("{base}/kind"), ("extract_kind", "death")),
        (format!("{home}/rut"), ("ly_do", "phá")),
        (format!("{home}/danh-gia"), ("diem", "1")),
        (format!("{home}/ban-khai"), ("x", "y")),
    ] {
        let reply = phuc.post("/hop-thu", &path, &[field]).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}: {}", reply.words());
    }
    let way = format!("{home}/bo-sung");
    let reply = phuc.multipart("/hop-thu", &way, "f", &[], &[("loi_nhan", "x")]).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND, "{}", reply.words());
    phuc.get("/ho-so-cua-toi").await.shows("Bạn chưa có hồ sơ nào.");
}

fn answers() -> BTreeMap<String, Value> {
    let pairs = [
        ("extract_kind", json!("birth_certificate")),
        ("whose", json!("mine")),
        ("registered_at", json!("31340")),
        ("copies", json!(1)),
        ("requester_name", json!("Nguyễn Thị Lan")),
        ("requester_number", json!("001092000017")),
        (
            "requester_residence",
            json!({ "ward": "31340", "detail": "Khu vực Bông Súng" }),
        ),
        ("phone", json!("0912345678")),
    ];
    pairs.map(|(field, value)| (field.to_owned(), value)).into()
}

fn act(task: &str, outcome: &str, ask: Vec<Ask>) -> Act {
    Act {
        by: String::new(),
        task: task.into(),
        outcome: outcome.into(),
        note: "Xin xem lại giúp".into(),
        unfit: Vec::new(),
        ask,
        reason: String::new(),
        refusal_reasons: Vec::new(),
        facts: BTreeMap::new(),
    }
}

/// The proposal with what the register says.
fn propose() -> Act {
    let facts = [
        ("register_number", "45/2015"),
        ("register_book", "01/2015"),
        ("register_date", "2015-03-02"),
        ("register_name", "Nguyễn Thị Lan"),
    ];
    Act {
        facts: facts.map(|(fact, text)| (fact.to_owned(), json!(text))).into(),
        ..act("check", "propose", Vec::new())
    }
}

// shows: R083, R098
#[tokio::test]
async fn what_is_asked_for_is_supplied_and_the_result_is_fetched_checked_and_rated() {
    let town = Town::new().await;
    let account = town.citizen("Nguyễn Thị Lan", "lan").await;
    let official = town.official("Trần Thị Trinh", "trinh", &["clerk", "specialist"]).await;
    let leader = town.official("Võ Văn Tràm", "tram", &["leader"]).await;
    let id = town
        .handed_in(
            account,
            "civil-extract",
            &answers(),
            &BTreeMap::from([("old_copy".to_owned(), 1)]),
        )
        .await;
    let player = town.player();
    let actor = player.actor(official).await.unwrap();
    let leader = player.actor(leader).await.unwrap();
    let step = async |act: Act| {
        let task = player.open_tasks(id).await.unwrap().remove(0);
        let who = if task.role == "leader" { &leader } else { &actor };
        player.act(who, task.id, &act).await.unwrap();
    };
    step(act("receive", "accept", Vec::new())).await;
    let ask = |kind, key: &str, what: &str| Ask {
        kind,
        key: key.into(),
        what: what.into(),
    };
    step(act(
        "check",
        "supplement",
        vec![
            ask(SupplementKind::Paper, "old_copy", "Ảnh bị mờ, hãy chụp lại"),
            ask(SupplementKind::Answer, "record_number", "Hãy ghi số trên giấy cũ"),
        ],
    ))
    .await;

    let lan = town.sign_in("lan").await;
    let home = format!("/ho-so-cua-toi/{id}");
    let way = format!("{home}/bo-sung");
    lan.get("/ho-so-cua-toi")
        .await
        .shows("Đang chờ bạn")
        .shows("Chờ bổ sung");
    lan.get(&home).await.shows(&way).shows("Phiếu yêu cầu bổ sung");
    let page = lan.get(&way).await;
    page.is(StatusCode::OK)
        .shows("Ảnh bị mờ, hãy chụp lại")
        .shows("Hãy ghi số trên giấy cũ")
        .shows("name=\"record_number\"");
    // Not everything is there: said beside the paper, and what was typed stays.
    let typed = [("record_number", "45/2015"), ("loi_nhan", "Giấy cũ bị ướt")];
    let (field, none) = ("papers.old_copy", [].as_slice());
    let refused = lan.multipart(&way, &way, field, none, &typed).await;
    refused
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-papers-old_copy\"")
        .shows("value=\"45/2015\"")
        .shows("Giấy cũ bị ướt")
        .hides("[errors.");
    let upload = format!("{way}/giay-to/old_copy");
    let other = [("record_number", "46/2015"), ("loi_nhan", "Giấy cũ bị rách")];
    let bad = lan
        .multipart(&way, &upload, field, &[("lạ.exe", b"MZ\x90")], &other)
        .await;
    bad.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("lạ.exe")
        .shows("value=\"46/2015\"");
    // Whatever is pressed, what was typed goes along and is there again, also in another session.
    let kept = lan
        .multipart(&way, &upload, field, &[("chup-lai.png", PICTURE)], &typed)
        .await;
    assert_eq!(kept.location(), format!("{way}#f-papers-old_copy"));
    let again = town.sign_in("lan").await.get(&way).await;
    again
        .shows("chup-lai.png")
        .shows("value=\"45/2015\"")
        .shows("Giấy cũ bị ướt");
    let file = between(&again.text, "name=\"tep\" value=\"", "\"");
    let removal = [
        ("tep", file.as_str()),
        ("record_number", "47/2015"),
        ("loi_nhan", "Bỏ ảnh"),
    ];
    let removed = lan.post(&way, &format!("{upload}/xoa"), &removal).await;
    assert_eq!(removed.location(), format!("{way}#f-papers-old_copy"));
    lan.get(&way)
        .await
        .hides("chup-lai.png")
        .shows("value=\"47/2015\"")
        .shows("Bỏ ảnh");
    lan.get(&home).await.hides("47/2015");
    // A file that was chosen and not uploaded goes with the rest.
    let sent = lan
        .multipart(&way, &way, field, &[("chup-lai.png", PICTURE)], &typed)
        .await;
    assert_eq!(sent.location(), format!("{home}?da=supplied"));
    let again = lan.multipart(&home, &way, field, none, &typed).await;
    assert_eq!(again.location(), sent.location(), "pressed twice");
    lan.get(sent.location())
        .await
        .shows("chup-lai.png")
        .shows("đã thay bằng tệp khác")
        .shows("45/2015")
        .hides("Xem và bổ sung");
    assert_eq!(lan.get(&way).await.location(), home, "nothing is asked for any more");

    step(propose()).await;
    step(act("approve", "approve", Vec::new())).await;
    let page = lan.get(&home).await;
    page.shows("Kết quả giải quyết")
        .shows("Đã có kết quả")
        .shows("name=\"diem\"");

    // The result goes to her, and a stranger who holds it can check it.
    let document = link(&page, &format!("{home}/van-ban/"));
    let reply = lan.get(&document).await;
    reply.is(StatusCode::OK);
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/pdf");
    let stranger = town.stranger().await;
    let check = link(&page, "/kiem-chung/");
    let shown = stranger.get(&check).await;
    shown
        .is(StatusCode::OK)
        .shows("Ủy ban nhân dân phường Ngã Bảy")
        .shows("chưa có chữ ký số")
        .hides("Nguyễn Thị Lan");
    let other = stranger
        .upload(&check, &check, &[("khac.pdf", b"%PDF-1.7 something else")])
        .await;
    other.is(StatusCode::OK).shows("không phải văn bản này");
    let code = check.rsplit('/').next().unwrap();
    let groups: Vec<&str> = [0, 5, 10, 15].map(|from| &code[from..from + 5]).to_vec();
    shown.shows(&groups.join("-"));
    for typed in [code.to_lowercase(), groups.join("-"), groups.join("%20")] {
        let found = stranger.get(&format!("/kiem-chung?ma={typed}")).await;
        assert_eq!(found.location(), check, "{typed}");
    }
    stranger
        .get("/kiem-chung/00000000000000000000")
        .await
        .is(StatusCode::NOT_FOUND)
        .shows("Không có văn bản nào mang mã này");

    let rated = lan
        .post(&home, &format!("{home}/danh-gia"), &[("y_kien", "Nhanh")])
        .await;
    rated
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-diem\"")
        .shows("Nhanh");
    let rated = lan
        .post(
            &home,
            &format!("{home}/danh-gia"),
            &[("diem", "5"), ("y_kien", "Nhanh")],
        )
        .await;
    assert_eq!(rated.location(), format!("{home}?da=rated"));
    let again = lan
        .post(&home, &format!("{home}/danh-gia"), &[("diem", "1"), ("y_kien", "")])
        .await;
    assert_eq!(again.location(), home, "the first rating stands");
    lan.get(&home).await.shows("5/5").hides("name=\"diem\"");
    // As often as she wishes: she comes back to her case, where the copy stands among its papers.
    for _ in 0..2 {
        let copy = lan.post(&home, &format!("{home}/ban-khai"), &[]).await;
        assert_eq!(copy.location(), format!("{home}?da=copy_made"));
    }
    let page = lan.get(&format!("{home}?da=copy_made")).await;
    page.is(StatusCode::OK).shows("Đã lập bản sao tờ khai");
    let copy = lan.get(&link(&page, &format!("{home}/van-ban/"))).await;
    assert_eq!(copy.headers[header::CONTENT_TYPE], "application/pdf");
}

/// The first link that begins so.
fn link(page: &Reply, beginning: &str) -> String {
    page.text
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|href| href.starts_with(beginning))
        .unwrap_or_else(|| panic!("no link {beginning} in {}", page.words()))
        .to_owned()
}

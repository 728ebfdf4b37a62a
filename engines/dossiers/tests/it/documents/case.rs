//! The papers of a case on its way: numbers, codes, files, who may have them.

use std::collections::BTreeSet;

use dossiers::model::{Act, Status, SupplementKind};
use dossiers::{DocumentKind, DocumentView};
use forms::Channel;
use kernel::{Actor, DossierId, FaultKind};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{says, text_of};
use crate::office::{EXTRACT, Office, ask, march, outcome, propose, raw};

/// The papers of a case, oldest first, with the text of each where the machine can read it.
async fn papers(office: &Office, reader: &Actor, dossier: DossierId) -> Vec<(DocumentView, Option<String>)> {
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM dossiers.document WHERE dossier_id = $1 ORDER BY id")
        .bind(dossier.uuid())
        .fetch_all(&office.scratch.pool)
        .await
        .unwrap();
    let mut papers = Vec::new();
    for id in ids {
        let mut op = office.op(reader).await;
        let (view, file) = office.dossiers.document(&mut op, dossier, id).await.unwrap();
        let bytes = office.files.read(&mut op, file.id).await.unwrap();
        assert_eq!(
            (file.media_type.as_str(), &file.sha256),
            ("application/pdf", &view.sha256)
        );
        assert_eq!(file.holder, dossiers::subject(dossier));
        assert_eq!(hex::encode(Sha256::digest(&bytes)), view.sha256);
        papers.push((view, text_of(&bytes)));
    }
    papers
}

async fn paper(office: &Office, dossier: DossierId, kind: DocumentKind) -> (DocumentView, Option<String>) {
    let mut found = papers(office, &office.people.lan, dossier).await;
    found.retain(|(view, _)| view.kind == kind);
    assert_eq!(found.len(), 1, "one {kind:?}");
    found.remove(0)
}

// shows: R028
#[tokio::test]
async fn a_receipt_is_found_by_its_code_in_any_spelling_and_tells_nothing_about_people() {
    let office = Office::open().await;
    let handed_in = office.submitted().await;
    office
        .act(&office.people.clerk, handed_in.id, "receive", outcome("accept"))
        .await;

    let (view, text) = paper(&office, handed_in.id, DocumentKind::Reception).await;
    assert_eq!(
        (view.number.as_str(), view.issued_by.as_str()),
        ("01/TNHS", "Lê Thị Cửa")
    );
    assert_eq!(view.agency_name, "Ủy ban nhân dân phường Ngã Bảy");
    says(
        &text,
        &[
            handed_in.code.as_str(),
            "Nguyễn Thị Lan",
            "Số: 01/TNHS",
            "Ngã Bảy, ngày 02 tháng 3 năm 2026",
            "08 giờ 00 phút, ngày 02/03/2026",
            "17 giờ 00 phút, ngày 02/03/2026",
            "Phí cấp bản sao trích lục hộ tịch 16.000 đồng Nộp khi nhận kết quả",
            "Lê Thị Cửa",
        ],
    );
    let code = &view.verification_code;
    if let Some(text) = &text {
        assert!(text.replace('-', "").contains(code.as_str()), "{text}");
    }

    let letters: Vec<char> = code.chars().collect();
    let grouped: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    let spellings = [
        code.clone(),
        code.to_lowercase(),
        grouped.join("-"),
        format!("  {} ", grouped.join(" – ")),
        code.replace('0', "o").replace('1', "l"),
    ];
    for typed in &spellings {
        let mut op = office.op(&Actor::Anonymous).await;
        let found = office.dossiers.verify(&mut op, typed).await.unwrap();
        assert_eq!((&found.sha256, &found.dossier_code), (&view.sha256, &handed_in.code));
        assert_eq!(
            (found.kind, found.app.as_str()),
            (DocumentKind::Reception, "civil-extract")
        );
        let told = serde_json::to_string(&found).unwrap();
        assert!(!told.contains("Lan") && !told.contains("Cửa"), "{told}");
    }
    let mut other = letters.clone();
    other[0] = if other[0] == '2' { '3' } else { '2' };
    for typed in ["", "x", "%", &other.iter().collect::<String>()] {
        let mut op = office.op(&Actor::Anonymous).await;
        let fault = office.dossiers.verify(&mut op, typed).await.unwrap_err();
        assert_eq!((fault.kind, fault.code), (FaultKind::NotFound, "dossiers.not_verified"));
    }
}

#[tokio::test]
async fn a_paper_is_handed_to_those_who_may_see_the_case() {
    let office = Office::open().await;
    let handed_in = office.submitted().await;
    office
        .act(&office.people.clerk, handed_in.id, "receive", outcome("accept"))
        .await;
    let (view, _) = paper(&office, handed_in.id, DocumentKind::Reception).await;

    for stranger in [&office.people.hung, &office.people.foreign_clerk, &Actor::Anonymous] {
        let mut op = office.op(stranger).await;
        let fault = office
            .dossiers
            .document(&mut op, handed_in.id, view.id)
            .await
            .unwrap_err();
        assert_eq!(
            (fault.kind, fault.code),
            (FaultKind::NotFound, "dossiers.dossier_not_found")
        );
        drop(op);
        let mut op = office.op(stranger).await;
        let fault = office
            .dossiers
            .copy_of_answers(&mut op, handed_in.id)
            .await
            .unwrap_err();
        assert_eq!(fault.code, "dossiers.dossier_not_found");
    }
    let mut op = office.op(&office.people.specialist).await;
    office.dossiers.document(&mut op, handed_in.id, view.id).await.unwrap();
    op.commit().await.unwrap();
    let read: i64 = sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'dossiers.document_read'")
        .fetch_one(&office.scratch.pool)
        .await
        .unwrap();
    assert_eq!(read, 1, "that an official took it is known");

    // A paper of another case is not found under this one.
    let second = office.submitted().await;
    let mut op = office.op(&office.people.lan).await;
    let fault = office.dossiers.document(&mut op, second.id, view.id).await.unwrap_err();
    assert_eq!(fault.code, "dossiers.document_not_found");
}

#[tokio::test]
async fn a_request_for_supplements_names_everything_at_once() {
    let office = Office::open().await;
    let handed_in = office.submitted().await;
    let act = Act {
        note: "Có thể đến bộ phận một cửa.".to_owned(),
        ..ask(&[
            (SupplementKind::Paper, "old_copy"),
            (SupplementKind::Answer, "requester_number"),
        ])
    };
    office.act(&office.people.clerk, handed_in.id, "receive", act).await;
    let (view, text) = paper(&office, handed_in.id, DocumentKind::Supplement).await;
    assert_eq!(view.number, "01/BSHS");
    says(
        &text,
        &[
            "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
            "Bản cũ còn giữ",
            "Số định danh cá nhân",
            "Mục trong tờ khai",
            "Chưa rõ, đề nghị gửi lại",
            "Có thể đến bộ phận một cửa.",
        ],
    );
}

// shows: R076
#[tokio::test]
async fn a_refusal_says_why_in_words() {
    let office = Office::open().await;
    let handed_in = office.submitted().await;
    let act = Act {
        refusal_reasons: vec!["wrong_information".to_owned()],
        note: "#read(\"/etc/passwd\")".to_owned(),
        ..outcome("refuse")
    };
    office.act(&office.people.clerk, handed_in.id, "receive", act).await;
    let (_, text) = paper(&office, handed_in.id, DocumentKind::Refusal).await;
    says(
        &text,
        &[
            "1. Thông tin đã khai không khớp với sổ hộ tịch",
            "#read(\"/etc/passwd\")",
            "Luật Khiếu nại",
        ],
    );
}

#[tokio::test]
async fn an_apology_names_the_day_that_was_missed_and_the_new_one() {
    let office = Office::open().await;
    let handed_in = office.submitted().await;
    office
        .act(&office.people.clerk, handed_in.id, "receive", outcome("accept"))
        .await;
    office.at(march(3, 9, 0));
    let mut op = office.op(&office.people.leader).await;
    let day = "2026-03-06".parse().unwrap();
    let reason = "Cần xác minh thêm ở nơi đăng ký trước đây.";
    office
        .dossiers
        .apologise(&mut op, handed_in.id, reason, day)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let (view, text) = paper(&office, handed_in.id, DocumentKind::Apology).await;
    assert_eq!(view.number, "02/XLHT", "one series an agency and year");
    says(
        &text,
        &[
            "Kính gửi: Nguyễn Thị Lan",
            "Ủy ban nhân dân phường Ngã Bảy xin lỗi ông (bà)",
            "17 giờ 00 phút, ngày 02/03/2026",
            "17 giờ 00 phút, ngày 06/03/2026",
            reason,
            "Huỳnh Thị Duyệt",
        ],
    );
}

// shows: R091
#[tokio::test]
async fn the_approval_brings_the_result() {
    let office = Office::open().await;
    let handed_in = office.submitted().await;
    office
        .act(&office.people.clerk, handed_in.id, "receive", outcome("accept"))
        .await;
    office
        .act(&office.people.specialist, handed_in.id, "check", propose(&EXTRACT))
        .await;
    office
        .act(&office.people.leader, handed_in.id, "approve", outcome("approve"))
        .await;
    assert_eq!(office.status(handed_in.id).await, Status::Finished);
    let (view, text) = paper(&office, handed_in.id, DocumentKind::Result).await;
    assert_eq!(
        (view.number.as_str(), view.issued_by.as_str()),
        ("02/TL-BS", "Huỳnh Thị Duyệt")
    );
    says(
        &text,
        &[
            "GIẤY KHAI SINH",
            "(Bản sao)",
            "NGUYỄN THỊ LAN",
            "093190000017",
            "Phường Ngã Bảy, Thành phố Ngã Bảy",
            "Số: 12/1990",
            "Quyển số: 01/1990",
            "Ngày đăng ký: 20/04/1990",
            "Huỳnh Thị Duyệt",
            "(chưa ký số)",
            "không có thông tin",
        ],
    );
    let sort: String = office
        .one(
            "SELECT result_type FROM dossiers.document WHERE dossier_id = $1 AND kind = 'result'",
            handed_in.id,
        )
        .await;
    assert_eq!(sort, "KQ.G15.000342");
}

#[tokio::test]
async fn the_answers_are_copied_once_and_what_was_typed_is_never_run() {
    let office = Office::open().await;
    let draft = office.household_draft(&office.people.lan, Channel::Online).await;
    let long = "Nguyễn Phan Hoàng Thị Kim Ngân Quỳnh Như ".repeat(3);
    let pages = [
        ("naming", raw(&[("business_name", "Quán #panic() $x$ *y* @z 😀")])),
        (
            "lines",
            raw(&[
                ("main_line", long.trim()),
                ("other_lines", &"#read(\"/etc/passwd\") ".repeat(24)),
            ]),
        ),
    ];
    let mut op = office.op(&office.people.lan).await;
    for (page, typed) in &pages {
        let saved = office.forms.save_page(&mut op, draft, page, typed).await.unwrap();
        assert!(saved.faults.is_empty(), "{:?}", saved.faults);
    }
    op.commit().await.unwrap();
    let handed_in = office.try_submit(&office.people.lan, draft).await.unwrap();

    let mut copies = BTreeSet::new();
    for reader in [&office.people.lan, &office.people.city_clerk, &office.people.lan] {
        let mut op = office.op(reader).await;
        let (view, file) = office.dossiers.copy_of_answers(&mut op, handed_in.id).await.unwrap();
        let text = text_of(&office.files.read(&mut op, file.id).await.unwrap());
        op.commit().await.unwrap();
        copies.insert(view.verification_code);
        says(
            &text,
            &[
                "BẢN SAO TỜ KHAI ĐIỆN TỬ",
                "#panic() $x$ *y* @z □",
                "#read(\"/etc/passwd\")",
                "50.000.000 đồng",
                "Chính tôi",
                "05/04/1990",
            ],
        );
        if let Some(text) = text {
            assert_eq!(
                text.matches("#read").count(),
                24,
                "every word of a long answer is there"
            );
            assert!(!text.contains("root:"));
        }
    }
    assert_eq!(copies.len(), 1, "it is drawn once");
}

#[tokio::test]
async fn numbers_have_no_gaps_and_begin_again_with_the_year() {
    let office = Office::open().await;
    let mut numbers = Vec::new();
    for step in 0..3 {
        let handed_in = office.submitted().await;
        if step == 2 {
            office.at(kernel::from_local("2027-01-04T08:00:00".parse().unwrap()));
        }
        // An attempt that is not carried through takes no number.
        let task = office.task(handed_in.id, "receive").await;
        let mut op = office.op(&office.people.clerk).await;
        let version = office.version(handed_in.id).await;
        office
            .dossiers
            .act(&mut op, task, version, outcome("accept"))
            .await
            .unwrap();
        drop(op);
        office
            .act(&office.people.clerk, handed_in.id, "receive", outcome("accept"))
            .await;
        numbers.push(paper(&office, handed_in.id, DocumentKind::Reception).await.0.number);
    }
    assert_eq!(numbers, ["01/TNHS", "02/TNHS", "01/TNHS"]);
}

//! Registers out into a file, in from a file, as an official does it.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use kernel::Actor;
use registry::definition::RecordDefinition;
use schema::Problems;

use crate::town::Town;

const BRIDGE: &str = r#"
format: 1
record: bridge
vi: Cầu
en: Bridges
about: { vi: Các cây cầu của phường., en: The bridges of the ward. }
owner: UBND
sharing: [default]
update: import
readers: officials
retention: { forever: true }
title: name
key: [code]
list: [code, name]
fields:
  - { field: code, vi: Mã cầu, en: Code, type: text, required: true, class: public, search: true }
  - { field: name, vi: Tên cầu, en: Name, type: text, required: true, class: public, search: true }
  - { field: length, vi: Chiều dài, en: Length, type: number, decimals: 1, unit: m, class: public, search: true }
  - { field: built_on, vi: Ngày xây, en: Built on, type: date, past: true, class: public }
  - { field: keeper_phone, vi: Điện thoại người trông coi, en: Telephone of the keeper, type: phone, class: personal }
"#;

const BASE: &str = "/can-bo/co-so-du-lieu/bridge";

async fn town() -> Town {
    let town = Town::new().await;
    publish(&town, BRIDGE).await;
    town.official("Lê Văn Tám", "le.tam", &["specialist"]).await;
    town.official("Võ Thị Chín", "vo.chin", &["leader"]).await;
    town
}

async fn publish(town: &Town, yaml: &str) {
    let mut problems = Problems::new();
    let definition = RecordDefinition::read("registry/bridge.record.yaml", yaml, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let agencies = BTreeMap::from([("UBND".to_owned(), town.office)]);
    let mut op = town.ops.open(Actor::System("apps")).await.unwrap();
    town.engines
        .registry
        .publish(&mut op, "demo", &definition.unwrap(), &agencies)
        .await
        .unwrap();
    op.commit().await.unwrap();
}

async fn work(town: &Town) {
    op::drain(&town.ops, &town.engines.jobs()).await.unwrap();
}

/// shows: R011
#[tokio::test]
async fn a_file_is_brought_in_mended_and_brought_in_again() {
    let town = town().await;
    let officer = town.sign_in("le.tam").await;
    let path = format!("{BASE}/nhap");
    officer
        .get(&path)
        .await
        .is(StatusCode::OK)
        .shows("Nhập dữ liệu: Cầu")
        .shows("Chưa có lần nhập nào.");
    officer
        .multipart(&path, &path, "tep", &[], &[])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy chọn tệp dữ liệu.");
    let picture = [("a.png", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..])];
    officer
        .multipart(&path, &path, "tep", &picture, &[])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Tệp a.png không phải là bảng dữ liệu");

    let file = "Mã cầu;Tên cầu;Chiều dàii;Màu;Ngày xây;Điện thoại người trông coi\n\
        C1;Cầu Bảy Ngã;35,5;xanh;30/11/2001;0912345678\n\
        C2;=1+1;ba mươi;đỏ;2002-02-02;\n";
    let sent = officer
        .multipart(&path, &path, "tep", &[("cầu.csv", file.as_bytes())], &[])
        .await;
    let import = sent.is(StatusCode::SEE_OTHER).location().to_owned();
    assert!(import.starts_with(&format!("{path}/")), "{import}");
    let mapping = officer.get(&import).await;
    mapping
        .is(StatusCode::OK)
        .shows("Chọn cột: Cầu")
        .shows("Gần giống “Chiều dài”")
        .shows("Đúng, bỏ qua cột này")
        .shows("“xanh”")
        .shows("Chiều dài: Không phải là số");
    // What is only guessed is confirmed first.
    let undecided = officer
        .send(&mapping, &import, &[("cot.2", "length"), ("cot.3", "-")])
        .await;
    undecided
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Cột Chiều dàii gần giống một trường")
        .shows("Cột Màu không ứng với trường nào")
        .shows("cot.2");
    let typed = [
        ("cot.0", "code"),
        ("cot.1", "name"),
        ("cot.2", "length"),
        ("xac_nhan.2", "true"),
        ("cot.3", "-"),
        ("xac_nhan.3", "true"),
        ("cot.4", "built_on"),
        ("cot.5", "keeper_phone"),
        ("tu_ngay", "2026-01-01"),
    ];
    officer.send(&mapping, &import, &typed).await.is(StatusCode::SEE_OTHER);
    officer
        .get(&import)
        .await
        .is(StatusCode::OK)
        .shows("Chờ đến lượt")
        .shows("Xem tiến độ mới nhất")
        .shows("data-nb-again");
    work(&town).await;
    officer
        .get(&import)
        .await
        .is(StatusCode::OK)
        .shows("Đã xong")
        .shows("1 dòng chưa được nhận")
        .hides("data-nb-again");
    let list = officer.get(&path).await;
    list.shows("cầu.csv").shows("Đã xong").shows("Người nhập");
    officer
        .get(&import)
        .await
        .shows(&format!("href=\"{BASE}\">Xem danh sách</a>"));

    let bad = officer.get(&format!("{import}/dong-loi")).await;
    let disposition = bad.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment") && disposition.contains("can-sua.csv"),
        "{disposition}"
    );
    bad.is(StatusCode::OK)
        .shows("Mã cầu;Tên cầu;Chiều dàii")
        .shows("Lý do chưa nhận")
        .shows("Chiều dài: Không phải là số")
        .shows("'=1+1");
    let mended = bad.text.replace("ba mươi", "30");
    let sent = officer
        .multipart(&path, &path, "tep", &[("sửa.csv", mended.as_bytes())], &[])
        .await;
    let import = sent.is(StatusCode::SEE_OTHER).location().to_owned();
    let mapping = officer.get(&import).await;
    mapping.shows("Cột do hệ thống thêm: không đọc");
    officer
        .send(
            &mapping,
            &import,
            &[
                ("cot.2", "length"),
                ("xac_nhan.2", "true"),
                ("cot.3", "-"),
                ("xac_nhan.3", "true"),
            ],
        )
        .await
        .is(StatusCode::SEE_OTHER);
    work(&town).await;
    officer.get(&import).await.shows("Đã xong").hides("dòng chưa được nhận");
    // Started twice, stopped when it is over: the page says how it stands.
    officer.send(&mapping, &import, &[]).await.is(StatusCode::CONFLICT);
    officer
        .send(&mapping, &format!("{import}/dung"), &[])
        .await
        .is(StatusCode::SEE_OTHER);
}

/// shows: R028
#[tokio::test]
async fn a_list_is_taken_out_and_what_is_sealed_for_a_purpose() {
    let town = town().await;
    let officer = town.sign_in("le.tam").await;
    let path = format!("{BASE}/nhap");
    let file = "Mã cầu,Tên cầu,Điện thoại người trông coi\nC1,Cầu Bảy Ngã,0912345678\nC2,Cầu Đỏ,\n";
    let sent = officer
        .multipart(&path, &path, "tep", &[("cầu.csv", file.as_bytes())], &[])
        .await;
    let import = sent.location().to_owned();
    let mapping = officer.get(&import).await;
    officer.send(&mapping, &import, &[]).await.is(StatusCode::SEE_OTHER);
    work(&town).await;

    let page = officer
        .get(&format!("{BASE}/xuat?name=C%E1%BA%A7u%20%C4%90%E1%BB%8F&dang=csv"))
        .await;
    page.is(StatusCode::OK)
        .shows("Xuất dữ liệu: Cầu")
        .shows("Tên cầu: Cầu Đỏ")
        .shows("name=\"where.name\"")
        .shows("Điện thoại người trông coi")
        .hides("GeoJSON")
        .shows("Tệp gồm những bản ghi đúng điều kiện lọc")
        .shows("<strong>1 bản ghi</strong>");
    let csv = officer
        .get(&format!(
            "{BASE}/xuat/tep?dang=csv&chu=no&where.name=C%E1%BA%A7u%20%C4%90%E1%BB%8F"
        ))
        .await;
    csv.is(StatusCode::OK)
        .shows("Mã cầu,Tên cầu")
        .shows("Cầu Đỏ")
        .hides("Bảy Ngã")
        .hides("Điện thoại");
    let disposition = csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.contains("cau-2026-03-02.csv"), "{disposition}");
    let slip = officer.get(&format!("{BASE}/xuat/tep?dang=csv&where.nam=x")).await;
    slip.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Không lọc được theo nam");

    let tep = format!("{BASE}/xuat/tep");
    let fields = [("dang", "csv"), ("chu", "no"), ("muc_dich", " ")];
    officer
        .send(&page, &tep, &fields)
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy điền ô này");
    let fields = [("dang", "csv"), ("chu", "no"), ("muc_dich", "Kiểm tra cầu năm 2026")];
    officer
        .send(&page, &tep, &fields)
        .await
        .is(StatusCode::OK)
        .shows("0912345678")
        .shows("Cầu Đỏ");
    // Some time later whoever asks shows once more who they are.
    town.scratch.clock.advance(chrono::TimeDelta::minutes(20));
    let again = officer.send(&page, &tep, &fields).await;
    again
        .is(StatusCode::FORBIDDEN)
        .hides("0912345678")
        .shows("Kiểm tra cầu năm 2026");
    // Whoever may not import or comes from outside gets neither.
    let leader = town.sign_in("vo.chin").await;
    leader.get(&path).await.is(StatusCode::FORBIDDEN);
    leader.get(&import).await.is(StatusCode::FORBIDDEN);
    leader
        .get(&format!("{BASE}/xuat/tep?dang=csv"))
        .await
        .is(StatusCode::OK);
    town.citizen("Nguyễn Văn An", "van.an").await;
    let citizen = town.sign_in("van.an").await;
    for path in [format!("{BASE}/xuat"), format!("{BASE}/xuat/tep?dang=csv"), path] {
        citizen.get(&path).await.is(StatusCode::FORBIDDEN);
    }
}

/// shows: R011, R254
#[tokio::test]
async fn where_somebody_approves_a_file_waits_for_them() {
    let town = town().await;
    publish(
        &town,
        &BRIDGE.replace("readers: officials", "readers: officials\napproval: true"),
    )
    .await;
    let officer = town.sign_in("le.tam").await;
    let leader = town.sign_in("vo.chin").await;
    let path = format!("{BASE}/nhap");
    let file = "Mã cầu;Tên cầu;Điện thoại người trông coi\nC1;Cầu Bảy Ngã;0912345678\nC2;;\n";
    let sent = officer
        .multipart(&path, &path, "tep", &[("cầu.csv", file.as_bytes())], &[])
        .await;
    let import = sent.is(StatusCode::SEE_OTHER).location().to_owned();
    let typed = [
        ("cot.0", "code"),
        ("cot.1", "name"),
        ("cot.2", "keeper_phone"),
        ("tu_ngay", "2026-01-01"),
    ];
    let ask = async || {
        let mapping = officer.get(&import).await;
        mapping.shows("Gửi duyệt việc nhập").hides("Bắt đầu nhập");
        let asked = officer.send(&mapping, &import, &typed).await;
        assert!(asked.location().ends_with("?da=import_asked"), "{}", asked.location());
        work(&town).await;
        let waits = officer.get(asked.location()).await;
        waits.is(StatusCode::OK).shows("Chờ duyệt").shows("Rút lại, không nhập");
        officer.get(BASE).await.hides("Cầu Bảy Ngã");
    };
    ask().await;
    // Whoever brought it has no page to decide on.
    officer.get(&format!("{import}/duyet")).await.is(StatusCode::FORBIDDEN);
    let review = format!("{import}/duyet");
    leader
        .get("/can-bo/de-nghi-cap-nhat")
        .await
        .shows("Tệp chờ duyệt để nhập")
        .shows("cầu.csv")
        .shows(&review);
    let page = leader.get(&review).await;
    page.is(StatusCode::OK)
        .shows("Lê Văn Tám")
        .shows("Cầu Bảy Ngã")
        .shows("1 trong 2 dòng đầu chưa nhận được")
        .shows("Điện thoại người trông coi")
        .hides("0912345678")
        .shows("Duyệt và nhập");
    leader
        .send(&page, &review, &[("quyet_dinh", "tra-lai"), ("note", "")])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Trả lại để làm lại");
    let back = leader
        .send(
            &page,
            &review,
            &[("quyet_dinh", "tra-lai"), ("note", "Thiếu tên cầu C2")],
        )
        .await;
    leader
        .get(back.location())
        .await
        .shows("Đã trả lại tệp")
        .hides("cầu.csv");
    officer.get(&import).await.shows("Thiếu tên cầu C2");
    ask().await;
    let page = leader.get(&review).await;
    let done = leader.send(&page, &review, &[("quyet_dinh", "duyet")]).await;
    assert!(done.location().ends_with("?da=import_approved"), "{}", done.location());
    leader
        .send(&page, &review, &[("quyet_dinh", "duyet")])
        .await
        .is(StatusCode::CONFLICT);
    work(&town).await;
    officer
        .get(&import)
        .await
        .shows("Đã xong")
        .shows("Tải các dòng chưa nhận");
    officer.get(BASE).await.shows("Cầu Bảy Ngã");
    leader.get(&review).await.is(StatusCode::OK).hides("Duyệt và nhập");
}

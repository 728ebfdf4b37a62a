use kernel::{Actor, FaultKind};
use registry::import::{Match, State, Target};
use serde_json::json;
use tabular::{Cell, Format};

use crate::desk::{Desk, table, texts, workbook};
use crate::town::shop;

const SHOPS: &str = "\
Mã;Tên;Xã;Trạng thái;Vốn;Ngày mở;Điện thoại
CH-0001;Tạp hóa Bảy Ngã;31340;Đang bán;1.500.000;30/11/2020;0912345678
CH-0002;Tiệm vải;Phường Lái Hiếu;closed;;2021-01-05;
CH-0003;Quán nước;99999;Đang bán;hai triệu;31/02/2021;0912345679
CH-0004;=1+1;31318;đang bán;0;;
";

/// Good rows go in, bad ones come out with the reasons, are mended and come in again; the same file once more changes nothing.
#[tokio::test]
async fn good_rows_go_in_and_bad_rows_come_out_to_be_mended() {
    let desk = Desk::new().await;
    let officer = desk.officer("SCT", "specialist").await;
    let import = desk.bring(&officer, "shop", "cửa hàng.csv", SHOPS.as_bytes()).await;
    assert_eq!(
        (import.state, import.rows, import.created, import.changed, import.bad),
        (State::Done, 4, 3, 0, 1)
    );
    assert_eq!(import.percent, Some(100));
    let listed = desk
        .town
        .list(&officer.actor, "shop", &[("sort", "code")])
        .await
        .unwrap();
    let values: Vec<_> = listed.iter().map(|record| json!(record.values)).collect();
    assert_eq!(values[0]["capital"], 1_500_000);
    assert_eq!(values[0]["started_on"], "2020-11-30");
    assert_eq!(
        (&values[1]["ward"], &values[1]["state"]),
        (&json!("31341"), &json!("closed"))
    );
    assert_eq!(values[2]["name"], "=1+1");
    assert_eq!(listed[0].recorded_by, Some(officer.person));

    let file = desk.bad_rows(&officer, &import).await.unwrap();
    let (headings, rows) = table(Format::Csv, &file);
    assert_eq!(headings[..3], ["Mã", "Tên", "Xã"]);
    assert_eq!(headings[7..], ["Dòng trong tệp gốc", "Lý do chưa nhận"]);
    assert_eq!(rows.len(), 1);
    let bad = texts(&rows[0]);
    assert_eq!(bad[..5], ["CH-0003", "Quán nước", "99999", "Đang bán", "hai triệu"]);
    assert_eq!(bad[7], "4", "where a spreadsheet shows it");
    for reason in [
        "Xã: Không có xã, phường này",
        "Vốn: Số tiền không đúng",
        "Ngày mở: Ngày không đúng",
    ] {
        assert!(bad[8].contains(reason), "{reason}: {}", bad[8]);
    }

    let mended = String::from_utf8(file).unwrap();
    let mended = mended
        .replace("99999", "31340")
        .replace("hai triệu", "2.000.000")
        .replace("31/02/2021", "");
    let again = desk
        .bring(&officer, "shop", "cửa hàng đã sửa.csv", mended.as_bytes())
        .await;
    assert_eq!((again.state, again.created, again.bad), (State::Done, 1, 0));
    assert_eq!(
        desk.town.codes(&officer.actor, "shop", &[("sort", "code")]).await,
        ["CH-0001", "CH-0002", "CH-0003", "CH-0004"]
    );

    let good = SHOPS
        .replace("99999", "31340")
        .replace("hai triệu", "2.000.000")
        .replace("31/02/2021", "");
    let same = desk.bring(&officer, "shop", "a.csv", good.as_bytes()).await;
    assert_eq!((same.created, same.changed, same.unchanged, same.bad), (0, 0, 4, 0));
    let none = desk.bad_rows(&officer, &same).await.unwrap_err();
    assert_eq!(none.code, "registry.import_no_bad_rows");
}

#[tokio::test]
async fn columns_are_found_or_asked_for() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let file = "code,Ten,Bề rộg (m),Màu,note,large\nD1,Hùng Vương,\"12,5\",đỏ,x,1\n";
    let import = desk.upload(&officer, "street", "d.csv", file.as_bytes()).await.unwrap();
    let known = registry::import::known(&desk.texts);
    let mut op = desk.town.op(&officer.actor).await;
    let preview = desk
        .registry
        .preview_import(&mut op, "street", import.id, &known, &Default::default())
        .await
        .unwrap();
    drop(op);
    let field = |name: &str| Target::Field(name.to_owned());
    let found: Vec<&Match> = preview.columns.iter().map(|column| &column.found).collect();
    assert_eq!(
        found,
        [
            &Match::Sure(field("code")),
            &Match::Sure(field("name")),
            &Match::Near(field("width")),
            &Match::Unknown,
            &Match::Sure(field("note")),
            &Match::Unknown,
        ]
    );
    assert_eq!(preview.columns[3].examples, ["đỏ"]);
    assert_eq!((preview.looked_at, preview.bad), (1, 0));
    let fault = desk.start(&officer, &import, &[]).await.unwrap_err();
    assert_eq!((fault.code, fault.fields.len()), ("registry.import_columns", 3));
    let said = [(2, "width"), (3, "-"), (5, "-")];
    desk.start(&officer, &import, &said).await.unwrap();
    let twice = desk.start(&officer, &import, &said).await.unwrap_err();
    assert_eq!(twice.code, "registry.import_state");
    desk.drain().await;
    let import = desk.look(&officer, &import).await.unwrap();
    assert_eq!((import.created, import.bad), (1, 0));
    let listed = desk.town.list(&officer.actor, "street", &[]).await.unwrap();
    assert_eq!(
        json!(listed[0].values),
        json!({ "code": "D1", "name": "Hùng Vương", "width": 12.5, "note": "x" })
    );
}

/// A file without its key, one whose columns have moved, and what is no table are refused before anything is written.
#[tokio::test]
async fn a_file_that_is_not_what_it_seems_is_refused() {
    let desk = Desk::new().await;
    let officer = desk.officer("SCT", "specialist").await;
    let without = desk
        .upload(&officer, "shop", "a.csv", "Tên,Xã\nA,31340\n".as_bytes())
        .await
        .unwrap();
    let fault = desk.start(&officer, &without, &[]).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["fields"].as_str()),
        ("registry.import_no_key", "Mã")
    );

    // A column was put in before the second: every value stands one further to the right than its heading.
    let mut moved = String::from("Mã,Tên,Xã,Vốn,Ngày mở\n");
    for row in 1..=20 {
        moved.push_str(&format!("CH-{row:04},x,Cửa hàng {row},31340,1000000\n"));
    }
    let import = desk.upload(&officer, "shop", "b.csv", moved.as_bytes()).await.unwrap();
    let fault = desk.start(&officer, &import, &[]).await.unwrap_err();
    assert_eq!(fault.code, "registry.import_moved");
    let told: Vec<&str> = fault.fields.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(told, ["column.2", "column.4"]);
    assert_eq!(fault.fields[0].params["faulty"], "20");
    assert_eq!(desk.look(&officer, &import).await.unwrap().state, State::Mapping);

    for (name, content) in [
        ("a.csv", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..]),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0"),
        ("a.parquet", b"PAR1\x15\x04\x15"),
    ] {
        let fault = desk.upload(&officer, "shop", name, content).await.unwrap_err();
        assert_eq!(fault.code, "registry.import_no_table", "{name}");
    }
    let fault = desk
        .upload(&officer, "shop", "a.csv.exe", b"a,b\n1,2\n")
        .await
        .unwrap_err();
    assert_eq!(fault.code, "files.misleading_name");
    assert_eq!(
        desk.upload(&officer, "shop", "a.csv", b"").await.unwrap_err().code,
        "files.empty"
    );
    let bomb = desk
        .upload(&officer, "shop", "a.xlsx", b"PK\x03\x04xl/broken")
        .await
        .unwrap_err();
    assert_eq!(bomb.code, "tabular.workbook");
}

/// Letters that only look like ours, and the same letters put together otherwise.
#[tokio::test]
async fn a_key_is_one_key_however_it_is_typed() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let file = "code,name\n\
        Đ1,Một\n\
        Đ2,Hai\n\
        \u{d0}3,Ba\n\
        \u{412}4,Bốn\n\
        Ế5,Năm\n\
        E\u{302}\u{301}5,Năm lần nữa\n\
        D\u{200b}6,Sáu\n\
        D6,Sáu lần nữa\n";
    let import = desk.bring(&officer, "street", "d.csv", file.as_bytes()).await;
    assert_eq!((import.created, import.bad), (4, 4));
    assert_eq!(
        desk.town.codes(&officer.actor, "street", &[("sort", "code")]).await,
        ["D6", "Đ1", "Đ2", "Ế5"]
    );
    let (_, rows) = table(Format::Csv, &desk.bad_rows(&officer, &import).await.unwrap());
    let reasons: Vec<String> = rows.iter().map(|row| texts(row).pop().unwrap()).collect();
    assert!(reasons[0].contains("Có ký tự \u{d0}"), "{reasons:?}");
    assert!(reasons[1].contains("Có ký tự \u{412}"), "{reasons:?}");
    assert!(
        reasons[2].starts_with("Mã:") && reasons[3].starts_with("Mã:"),
        "{reasons:?}"
    );
}

/// shows: R254
#[tokio::test]
async fn nobody_else_brings_files_in_or_sees_them() {
    let desk = Desk::new().await;
    let officer = desk.officer("SCT", "specialist").await;
    let import = desk.bring(&officer, "shop", "a.csv", SHOPS.as_bytes()).await;
    let waiting = desk.upload(&officer, "shop", "b.csv", SHOPS.as_bytes()).await.unwrap();
    for (agency, role) in [
        ("TPNB", "specialist"),
        ("SXD", "specialist"),
        ("SCT", "clerk"),
        ("SCT", "leader"),
    ] {
        let other = desk.officer(agency, role).await;
        let refused = [
            desk.upload(&other, "shop", "a.csv", SHOPS.as_bytes()).await.map(drop),
            desk.look(&other, &import).await.map(drop),
            desk.bad_rows(&other, &import).await.map(drop),
            desk.start(&other, &waiting, &[]).await.map(drop),
        ];
        for refused in refused {
            let fault = refused.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Forbidden, "{agency} {role} {fault}");
        }
    }
    for actor in [desk.town.citizen(), Actor::Anonymous] {
        let mut op = desk.town.op(&actor).await;
        let fault = desk.registry.may_import(&mut op, "shop").await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Forbidden);
    }
    // A colleague may import, but does not see what somebody else has not confirmed yet; it is no import of another register either.
    let colleague = desk.officer("SCT", "specialist").await;
    assert_eq!(
        desk.start(&colleague, &waiting, &[]).await.unwrap_err().code,
        "registry.not_allowed"
    );
    // Rows that were handed back say everything that stood in the file: they are for whoever has brought it.
    let faulty = "Mã,Tên,Xã\nCH-1,Sai mã,31340\n";
    let faulty = desk.bring(&officer, "shop", "c.csv", faulty.as_bytes()).await;
    assert_eq!(faulty.bad, 1);
    assert_eq!(
        desk.bad_rows(&colleague, &faulty).await.unwrap_err().code,
        "registry.not_allowed"
    );
    desk.bad_rows(&officer, &faulty).await.unwrap();
    let builder = desk.officer("SXD", "specialist").await;
    let mut elsewhere = import.clone();
    elsewhere.register = "street".into();
    assert_eq!(
        desk.look(&builder, &elsewhere).await.unwrap_err().code,
        "registry.import_not_found"
    );
}

/// Nothing of what a row says of people lies open: neither in the rows that are handed back nor in a file that stays.
#[tokio::test]
async fn what_is_personal_stays_sealed_on_its_way() {
    let desk = Desk::new().await;
    let officer = desk.officer("SCT", "specialist").await;
    let import = desk.bring(&officer, "shop", "a.csv", SHOPS.as_bytes()).await;
    assert_eq!(import.bad, 1);
    for query in [
        "SELECT to_jsonb(own)::text FROM registry.import AS own",
        "SELECT to_jsonb(own)::text FROM registry.bad_row AS own",
        "SELECT to_jsonb(own)::text FROM op.audit_entry AS own",
        "SELECT to_jsonb(own)::text FROM op.event AS own",
        "SELECT to_jsonb(own)::text FROM records.shop AS own",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(query)
            .fetch_all(&desk.town.scratch.pool)
            .await
            .unwrap();
        assert!(!rows.is_empty(), "{query}");
        for row in rows {
            assert!(
                !row.contains("0912345678") && !row.contains("0912345679") && !row.contains("Quán nước"),
                "{row}"
            );
        }
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM files.file")
        .fetch_one(&desk.town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0, "the file is let go when it was read");
    // A copied row does not open as another.
    sqlx::query("UPDATE registry.bad_row SET number = number + 1")
        .execute(&desk.town.scratch.pool)
        .await
        .unwrap();
    let mut op = desk.town.op(&officer.actor).await;
    let words = (desk.texts.clone(), render::Locale::Vi);
    let broken = desk
        .registry
        .bad_rows(&mut op, "shop", import.id, words)
        .await
        .err()
        .unwrap();
    assert_eq!(broken.code, "vault.sealed_broken");
}

/// A spreadsheet gives numbers, days and its own idea of codes; other formats give what they have.
#[tokio::test]
async fn every_format_brings_the_same() {
    let desk = Desk::new().await;
    let officer = desk.officer("SCT", "specialist").await;
    let text = |text: &str| Cell::of_text(text);
    let day = Cell::Date("2020-11-30".parse().unwrap());
    let book = workbook(&[
        [
            "Mã",
            "Tên",
            "Xã",
            "Vốn",
            "Ngày mở",
            "Điện thoại",
            "Số định danh của chủ",
            "Thời hạn thuê",
        ]
        .map(text)
        .into(),
        vec![
            text("CH-0001"),
            text("@SUM(A1)"),
            Cell::Number(31340.into()),
            Cell::Number(1_500_000.into()),
            day.clone(),
            Cell::Number(912_345_678.into()),
            Cell::Number(93_090_000_001_i64.into()),
            text("01/01/2024 - 31/12/2025"),
        ],
        vec![
            text("CH-0002"),
            text("B"),
            text("0"),
            Cell::Number("1.5".parse().unwrap()),
            day,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
        ],
    ]);
    let import = desk.bring(&officer, "shop", "a.xlsx", &book).await;
    assert_eq!((import.format, import.created, import.bad), (Format::Xlsx, 1, 1));
    let found = desk
        .town
        .list(&officer.actor, "shop", &[("owner_number", "093090000001")])
        .await
        .unwrap();
    assert_eq!(found[0].values["capital"], 1_500_000);
    assert_eq!(
        found[0].values["lease"],
        json!({ "from": "2024-01-01", "to": "2025-12-31" })
    );
    // The bad row comes back typed, in the format it had.
    let file = desk.bad_rows(&officer, &import).await.unwrap();
    let (_, rows) = table(Format::Xlsx, &file);
    assert_eq!(rows[0].cells[3], Cell::Number("1.5".parse().unwrap()));
    assert_eq!(rows[0].cells[4], Cell::Date("2020-11-30".parse().unwrap()));

    let one = |code: &str| {
        let mut one = shop(code);
        one["goods"] = json!(["tools", "food"]);
        one["lease"] = json!({ "from": "2024-01-01" });
        one
    };
    for (name, file, code) in [
        ("a.json", json!([one("CH-0011")]).to_string(), "CH-0011"),
        ("a.jsonl", format!("{}\n", one("CH-0012")), "CH-0012"),
        (
            "a.geojson",
            json!({ "type": "FeatureCollection", "features": [{ "type": "Feature", "geometry": null, "properties": one("CH-0013") }] })
                .to_string(),
            "CH-0013",
        ),
    ] {
        let import = desk.upload(&officer, "shop", name, file.as_bytes()).await.unwrap();
        // A register without a place passes over the geometry, once somebody has said so.
        let geometry = import.headings.iter().position(|heading| heading == "geometry");
        let said: Vec<(usize, &str)> = geometry.into_iter().map(|place| (place, "-")).collect();
        desk.start(&officer, &import, &said).await.unwrap();
        desk.drain().await;
        let import = desk.look(&officer, &import).await.unwrap();
        assert_eq!((import.state, import.created, import.bad), (State::Done, 1, 0), "{name}");
        let found = desk.town.list(&officer.actor, "shop", &[("code", code)]).await.unwrap();
        assert_eq!(found[0].values["goods"], json!(["food", "tools"]), "{name}");
        assert_eq!(found[0].values["lease"], json!({ "from": "2024-01-01" }), "{name}");
    }
}

/// Codes of a catalogue and links are given by code or key, or by name.
#[tokio::test]
async fn links_are_given_by_key() {
    let desk = Desk::new().await;
    let builder = desk.officer("SXD", "specialist").await;
    let officer = desk.officer("SCT", "specialist").await;
    desk.bring(&builder, "street", "d.csv", "code,name\nD1,Hùng Vương\n".as_bytes())
        .await;
    let file = "Mã,Tên,Xã,Đường\nCH-0001,A,31340,D1\nCH-0002,B,31340,D9\n";
    let import = desk.bring(&officer, "shop", "a.csv", file.as_bytes()).await;
    assert_eq!((import.created, import.bad), (1, 1));
    let (_, rows) = table(Format::Csv, &desk.bad_rows(&officer, &import).await.unwrap());
    assert!(
        texts(&rows[0])
            .pop()
            .unwrap()
            .starts_with("Đường: Không có bản ghi này")
    );
}

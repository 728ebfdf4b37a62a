use kernel::{Actor, PersonalNumber};
use render::Locale;
use serde_json::{Value, json};
use tabular::{Cell, Format};

use crate::desk::{Desk, table, texts};
use crate::town::shop;

async fn filled(desk: &Desk) -> Actor {
    let owner = desk.town.official("SCT", "specialist");
    let builder = desk.town.official("SXD", "specialist");
    desk.town
        .add(
            &builder,
            "street",
            json!({ "code": "D1", "name": "Hùng Vương", "note": "đang sửa" }),
        )
        .await
        .unwrap();
    let mut one = shop("CH-0001");
    one["name"] = "=cmd|' /C calc'!A0".into();
    one["capital"] = "1.500.000".into();
    one["owner_number"] = "093090000001".into();
    one["owner_name"] = "Nguyễn Thị Đào".into();
    one["phone"] = "0912345678".into();
    one["street"] = "D1".into();
    one["goods"] = json!(["food", "tools"]);
    one["lease"] = json!({ "from": "2026-01-01", "to": "2026-12-31" });
    one["started_on"] = "30/11/2020".into();
    desk.town.add(&owner, "shop", one).await.unwrap();
    let mut two = shop("CH-0002");
    two["ward"] = "31318".into();
    desk.town.add(&owner, "shop", two).await.unwrap();
    owner
}

#[tokio::test]
async fn a_list_goes_out_in_every_format() {
    let desk = Desk::new().await;
    let owner = filled(&desk).await;
    for format in ["csv", "xlsx"] {
        let file = desk
            .export(&owner, "shop", &[("format", format), ("sort", "code")])
            .await
            .unwrap();
        let (headings, rows) = table(registry::format_of(format).unwrap(), &file);
        assert_eq!(
            headings,
            [
                "Mã",
                "Tên",
                "Xã",
                "Trạng thái",
                "Đường",
                "Chủ cửa hàng",
                "Vốn",
                "Ngày mở",
                "Thời hạn thuê",
                "Mặt hàng",
                "Lớn",
                "Hiệu lực từ",
                "Hiệu lực đến"
            ]
        );
        assert_eq!(
            texts(&rows[0])[..11],
            [
                "CH-0001",
                "=cmd|' /C calc'!A0",
                "31340",
                "open",
                "D1",
                "Nguyễn Thị Đào",
                "1500000",
                "2020-11-30",
                "01/01/2026 - 31/12/2026",
                "food|tools",
                "false"
            ],
            "{format}"
        );
        assert_eq!(texts(&rows[1])[..3], ["CH-0002", "Tạp hóa Bảy Ngã", "31318"]);
        if format == "xlsx" {
            assert_eq!(rows[0].cells[7], Cell::Date("2020-11-30".parse().unwrap()));
        } else {
            // What a spreadsheet would run begins with an apostrophe.
            let text = String::from_utf8(file).unwrap();
            assert!(text.contains("'=cmd|") && !text.contains(",=cmd|"), "{text}");
        }
    }
    for format in ["json", "jsonl"] {
        let file = desk
            .export(&owner, "shop", &[("format", format), ("code", "CH-0001")])
            .await
            .unwrap();
        let parsed: Value = serde_json::from_slice(&file).unwrap();
        let one = if format == "json" { &parsed[0] } else { &parsed };
        assert_eq!(one["lease"], json!({ "from": "2026-01-01", "to": "2026-12-31" }));
        assert_eq!(
            (&one["goods"], &one["capital"], &one["large"]),
            (&json!(["food", "tools"]), &json!(1_500_000), &json!(false))
        );
        assert_eq!(one["valid_from"], "2026-03-02");
        assert!(one.get("phone").is_none());
    }
    let parquet = desk.export(&owner, "shop", &[("format", "parquet")]).await.unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let fault = desk.export(&owner, "shop", &[("format", "geojson")]).await.unwrap_err();
    assert_eq!(fault.code, "registry.no_geometry");
    assert_eq!(
        desk.export(&owner, "shop", &[("format", "pdf")])
            .await
            .unwrap_err()
            .code,
        "registry.no_format"
    );
}

#[tokio::test]
async fn words_and_headings_are_in_the_language_of_the_reader() {
    let desk = Desk::new().await;
    let owner = filled(&desk).await;
    let pairs = [
        ("words", "yes"),
        ("code", "CH-0001"),
        ("fields", "code,ward,state,street,goods,large"),
    ];
    let (headings, rows) = table(Format::Csv, &desk.export(&owner, "shop", &pairs).await.unwrap());
    assert_eq!(headings, ["Mã", "Xã", "Trạng thái", "Đường", "Mặt hàng", "Lớn"]);
    assert_eq!(
        texts(&rows[0]),
        [
            "CH-0001",
            "Phường Ngã Bảy",
            "Đang bán",
            "Hùng Vương",
            "Thực phẩm; Dụng cụ",
            "Không"
        ]
    );
    let english = desk.export_in(&owner, "shop", Locale::En, &pairs).await.unwrap();
    let (headings, rows) = table(Format::Csv, &english);
    assert_eq!(headings[2], "State");
    assert_eq!(texts(&rows[0])[2..], ["Open", "Hùng Vương", "Food; Tools", "No"]);
}

/// What goes out comes in again and says nothing new, in codes and in words.
#[tokio::test]
async fn what_goes_out_comes_in_again() {
    let desk = Desk::new().await;
    filled(&desk).await;
    let officer = desk.officer("SCT", "specialist").await;
    for (format, words) in [
        ("csv", "no"),
        ("xlsx", "no"),
        ("json", "no"),
        ("jsonl", "no"),
        ("csv", "yes"),
    ] {
        let fields = match words {
            // Links are found again by key, not by name.
            "yes" => "code,name,ward,state,owner_name,capital,started_on,lease,goods,large",
            _ => "",
        };
        let pairs = [("format", format), ("words", words), ("fields", fields)];
        let file = desk.export(&officer.actor, "shop", &pairs).await.unwrap();
        let import = desk.bring(&officer, "shop", &format!("a.{format}"), &file).await;
        assert_eq!(
            (import.created, import.changed, import.unchanged, import.bad),
            (0, 0, 2, 0),
            "{format} {words}"
        );
    }
}

/// shows: R028
#[tokio::test]
async fn sealed_fields_go_out_for_a_purpose_and_everybody_is_told() {
    let desk = Desk::new().await;
    let owner = filled(&desk).await;
    let mut op = desk.town.op(&Actor::System("province")).await;
    let mut person = identity::NewPerson::named("Nguyễn Thị Đào");
    person.personal_number = Some(PersonalNumber::parse("093090000001").unwrap());
    let person = desk.town.identity.register_person(&mut op, &person).await.unwrap();
    op.commit().await.unwrap();

    let plain = desk.export(&owner, "shop", &[]).await.unwrap();
    assert!(!String::from_utf8(plain).unwrap().contains("0912345678"));
    let short = desk.export(&owner, "shop", &[("purpose", "xem")]).await.unwrap_err();
    assert_eq!(short.code, "registry.purpose_needed");
    let pairs = [
        ("purpose", "Đối chiếu thuế quý I"),
        ("ward", "31340"),
        ("owner_number", "093090000001"),
    ];
    let open = desk.export(&owner, "shop", &pairs).await.unwrap();
    let (headings, rows) = table(Format::Csv, &open);
    assert!(headings.contains(&"Điện thoại".to_owned()) && headings.contains(&"Số định danh của chủ".to_owned()));
    assert_eq!(rows.len(), 1);
    assert!(texts(&rows[0]).contains(&"0912345678".to_owned()));

    let entries: Vec<(String, String, Option<uuid::Uuid>, String)> = sqlx::query_as(
        "SELECT action, purpose, person, detail FROM op.audit_entry WHERE action IN ('registry.exported', 'registry.opened') ORDER BY id",
    )
    .fetch_all(&desk.town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(entries.len(), 3, "{entries:?}");
    let (first, second, third) = (&entries[0], &entries[1], &entries[2]);
    assert_eq!((first.0.as_str(), first.1.as_str()), ("registry.exported", ""));
    assert_eq!(
        (second.0.as_str(), second.1.as_str()),
        ("registry.exported", "Đối chiếu thuế quý I")
    );
    let detail: Value = serde_json::from_str(&second.3).unwrap();
    assert_eq!((&detail["count"], &detail["sealed"]), (&json!(1), &json!(true)));
    assert_eq!(detail["filters"], json!({ "ward": ["31340"], "owner_number": "…" }));
    assert_eq!((third.0.as_str(), third.2), ("registry.opened", Some(person.uuid())));
    assert!(third.3.contains("export"));
}

/// shows: R247
#[tokio::test]
async fn everybody_takes_out_what_they_see_and_nothing_else() {
    let desk = Desk::new().await;
    filled(&desk).await;
    // Officials of other agencies see what is not sealed; taxes are told one sealed field more, for a purpose.
    let builder = desk.town.official("SXD", "specialist");
    let file = String::from_utf8(desk.export(&builder, "shop", &[]).await.unwrap()).unwrap();
    assert!(file.contains("CH-0001") && !file.contains("0912345678"));
    let refused = desk
        .export(&builder, "shop", &[("purpose", "Xem cho biết")])
        .await
        .unwrap_err();
    assert_eq!(refused.code, "registry.not_allowed");
    let taxes = desk.town.official("CT", "specialist");
    let (headings, _) = table(
        Format::Csv,
        &desk
            .export(&taxes, "shop", &[("purpose", "Quản lý thuế")])
            .await
            .unwrap(),
    );
    assert!(headings.contains(&"Điện thoại".to_owned()) && !headings.contains(&"Số định danh của chủ".to_owned()));
    let hidden = desk
        .export(
            &taxes,
            "shop",
            &[("fields", "code,owner_number"), ("purpose", "Quản lý thuế")],
        )
        .await;
    assert_eq!(hidden.unwrap_err().code, "registry.bad_filter");
    // Whoever has no position takes nothing, also of what everybody reads.
    for actor in [desk.town.citizen(), Actor::Anonymous] {
        let refused = desk.export(&actor, "street", &[]).await.unwrap_err();
        assert_eq!(refused.code, "op.no_right");
    }
    // A slip in a filter does not give everything, and an unknown register is none.
    let slip = desk.export(&builder, "shop", &[("wards", "31340")]).await.unwrap_err();
    assert_eq!(slip.code, "registry.bad_filter");
    assert_eq!(
        desk.export(&builder, "nothing", &[]).await.unwrap_err().code,
        "registry.not_found"
    );
    // Nothing was entered yet: headings alone.
    let empty = Desk::new().await;
    let (headings, rows) = table(
        Format::Csv,
        &empty.export(&builder_of(&empty), "shop", &[]).await.unwrap(),
    );
    assert!(headings.len() > 10 && rows.is_empty());
}

fn builder_of(desk: &Desk) -> Actor {
    desk.town.official("SXD", "specialist")
}

/// Page after page, in whatever order, every record once.
#[tokio::test]
async fn many_pages_hold_every_record_once() {
    let desk = Desk::new().await;
    let officer = desk.officer("SXD", "specialist").await;
    let mut file = String::from("code,name,width\n");
    for row in 0..5_001 {
        let width = if row % 3 == 0 {
            String::new()
        } else {
            (row % 7).to_string()
        };
        file.push_str(&format!("D{row:05},Đường {row},{width}\n"));
    }
    let import = desk.bring(&officer, "street", "d.csv", file.as_bytes()).await;
    assert_eq!(import.created, 5_001);
    for sort in ["", "code", "-width"] {
        let file = desk
            .export(&officer.actor, "street", &[("sort", sort), ("format", "xlsx")])
            .await
            .unwrap();
        let (_, rows) = table(Format::Xlsx, &file);
        let mut codes: Vec<String> = rows.iter().map(|row| texts(row)[0].clone()).collect();
        codes.sort();
        codes.dedup();
        assert_eq!((rows.len(), codes.len()), (5_001, 5_001), "{sort}");
    }
}

/// Whose data is taken is written down also where nobody here has their number.
///
/// shows: R028
#[tokio::test]
async fn whoever_has_no_account_is_looked_at_all_the_same() {
    let desk = Desk::new().await;
    let owner = filled(&desk).await;
    let pairs = [("purpose", "Đối chiếu thuế quý I"), ("sort", "code")];
    let file = desk.export(&owner, "shop", &pairs).await.unwrap();
    assert_eq!(table(Format::Csv, &file).1.len(), 2);
    let entries: Vec<(String, Option<uuid::Uuid>)> =
        sqlx::query_as("SELECT subject, person FROM op.audit_entry WHERE action = 'registry.opened'")
            .fetch_all(&desk.town.scratch.pool)
            .await
            .unwrap();
    // The other shop holds nothing that is sealed.
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].1, None);
}

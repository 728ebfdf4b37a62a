//! Old and new names of places, looked up by everybody.

use axum::http::StatusCode;
use identity::{Area, AreaLevel, CatalogueChange, NationalList, Validity};
use kernel::Actor;

use crate::town::Town;

fn area(code: &str, parent: Option<&str>, name: &str, begins: bool) -> (Area, bool) {
    let first: &str = if begins { "2025-07-01" } else { "2004-01-01" };
    let area = Area {
        code: code.into(),
        level: match code.len() {
            2 => AreaLevel::Province,
            3 => AreaLevel::District,
            _ => AreaLevel::Ward,
        },
        parent: parent.map(str::to_owned),
        name: name.into(),
        validity: Validity {
            from: first.parse().unwrap(),
            to: (!begins).then(|| "2025-06-30".parse().unwrap()),
        },
    };
    (area, begins)
}

/// The town with some areas of the national list.
async fn town() -> Town {
    let town = Town::new().await;
    let change = |old: &str, new: &str, whole: bool, note: &str| CatalogueChange {
        first_day: "2025-07-01".parse().unwrap(),
        old_code: old.into(),
        new_code: new.into(),
        whole,
        note: note.into(),
        basis: "Nghị quyết 1668/NQ-UBTVQH15".into(),
    };
    let mut areas = vec![
        area("93", None, "Tỉnh Hậu Giang", false),
        area("930", Some("93"), "Thành phố Vị Thanh", false),
        area("31318", Some("930"), "Phường I", false),
        area("31321", Some("930"), "Phường III", false),
        area("31324", Some("930"), "Phường IV", false),
        area("92", None, "Thành phố Cần Thơ", true),
        area("31321", Some("92"), "Phường Vị Thanh", true),
        area("31333", Some("92"), "Phường Vị Tân", true),
    ];
    for number in 10..40 {
        areas.push(area(
            &format!("320{number}"),
            Some("92"),
            &format!("Xã Thử {number}"),
            true,
        ));
    }
    let list = NationalList {
        areas,
        changes: vec![
            change("93", "92", true, ""),
            change("31318", "31321", false, "Nhập một phần diện tích, toàn bộ dân số"),
            change("31318", "31333", false, ""),
            change("31321", "31321", true, ""),
        ],
    };
    let mut op = town.ops.open(Actor::System("province")).await.unwrap();
    town.engines
        .identity
        .replace_area_catalogue(&mut op, &list)
        .await
        .unwrap();
    op.commit().await.unwrap();
    town
}

// shows: R221
#[tokio::test]
async fn everybody_finds_what_a_ward_is_called_today_and_what_it_was() {
    let town = town().await;
    town.get("/", "").await.shows("href=\"/dia-danh\"");
    let empty = town.get("/dia-danh", "").await;
    empty.is(StatusCode::OK).shows("Hãy gõ tên hoặc mã");
    // One code, two wards: each with its days.
    let both = town.get("/dia-danh?q=31321", "").await;
    both.is(StatusCode::OK)
        .shows("href=\"/dia-danh/31321?ngay=2025-06-30\">Phường III</a>")
        .shows("href=\"/dia-danh/31321\">Phường Vị Thanh</a>")
        .shows("Từ 01/07/2025: Phường Vị Thanh, Thành phố Cần Thơ")
        .shows("đến 30/06/2025")
        .shows("từ 01/07/2025");
    let then = town.get("/dia-danh?q=phuong+iii+vi+thanh&ngay=2024-12-31", "").await;
    then.shows("Kết quả ngày 31/12/2024").shows("Phường III");
    // What it was.
    let old = town.get("/dia-danh/31321?ngay=2024-12-31", "").await;
    old.is(StatusCode::OK)
        .shows("Phường III</h1>")
        .shows("Thành phố Vị Thanh, Tỉnh Hậu Giang · đến 30/06/2025")
        .shows("Hôm nay nơi này thuộc")
        .shows("Phường Vị Thanh</a>")
        .shows("toàn bộ")
        .shows("Nghị quyết 1668/NQ-UBTVQH15")
        .shows("Mã 31321 còn chỉ")
        .hides("Nơi này được chia ra");
    // What it is.
    let new = town.get("/dia-danh/31321", "").await;
    new.shows("Phường Vị Thanh</h1>")
        .shows("hôm nay đang dùng tên này")
        .shows("Hình thành từ")
        .shows("Phường I</a>")
        .shows("Nhập một phần diện tích, toàn bộ dân số")
        .hides("Hôm nay nơi này thuộc");
    // One that was divided, and one of which the source says nothing.
    let divided = town.get("/dia-danh/31318?ngay=2024-12-31", "").await;
    divided
        .shows("Phường Vị Tân</a>")
        .shows("một phần")
        .shows("Nơi này được chia ra");
    let unknown = town.get("/dia-danh/31324", "").await;
    unknown
        .shows("Ngày 02/03/2026 mã 31324 không chỉ đơn vị này")
        .shows("Nguồn dữ liệu chưa cho biết");
    let english = town.get("/dia-danh/31318?ngay=2024-12-31", "ngon_ngu=en").await;
    english
        .shows("Today this place belongs to")
        .shows("This place was divided")
        .shows("lang=\"vi\">Nhập một phần diện tích");
}

#[tokio::test]
async fn what_is_not_found_or_no_day_is_said_in_plain_words() {
    let town = town().await;
    let none = town.get("/dia-danh?q=%3Cscript%3E+abc&ngay=2024-12-31", "").await;
    none.is(StatusCode::OK)
        .shows("Không tìm thấy nơi nào với “&lt;script&gt; abc”")
        .shows("Tìm trong mọi ngày");
    let wrong = town.get("/dia-danh?q=vi+thanh&ngay=31-31-2024", "").await;
    wrong
        .is(StatusCode::BAD_REQUEST)
        .shows("Không đọc được ngày này")
        .shows("value=\"31-31-2024\"")
        .shows("Phường Vị Thanh");
    town.get("/dia-danh?ngay=1990-01-01", "")
        .await
        .is(StatusCode::OK)
        .shows("chưa biết đơn vị nào");
    town.get("/dia-danh/31321?ngay=hom-qua", "")
        .await
        .is(StatusCode::BAD_REQUEST)
        .shows("Không đọc được ngày này nên trang cho biết hôm nay")
        .shows("Phường Vị Thanh</h1>");
    for path in ["/dia-danh/99999", "/dia-danh/abc"] {
        town.get(path, "").await.is(StatusCode::NOT_FOUND);
    }
    // From the areas of this province a code that is unknown here leads on.
    town.get("/dia-gioi?ma=31333", "")
        .await
        .is(StatusCode::NOT_FOUND)
        .shows("href=\"/dia-danh?q=31333\"");
}

#[tokio::test]
async fn a_long_list_goes_on_page_after_page() {
    let town = town().await;
    let first = town.get("/dia-danh?q=thu&ngay=2025-07-01", "").await;
    first.shows("Xã Thử 10").hides("Xã Thử 39");
    let next = crate::town::between(&first.text, "rel=\"next\" href=\"", "\"").replace("&amp;", "&");
    let second = town.get(&next, "").await;
    second.shows("Xã Thử 39").hides("Xã Thử 10").shows("rel=\"prev\"");
}

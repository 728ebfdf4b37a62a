//! The pages of registers, walked through on a real database.

use std::collections::BTreeMap;
use std::ops::Deref;

use axum::http::{StatusCode, header};
use identity::AgencyLevel;
use kernel::{Actor, AgencyId};
use registry::definition::RecordDefinition;
use schema::Problems;
use serde_json::{Value, json};

use crate::town::{PICTURE, Reply, Town, agency, between};

/// Kinds of shops: a catalogue of choices.
const KIND: &str = r#"
format: 1
record: shop_kind
vi: Danh mục loại cửa hàng
en: Kinds of shops
about: { vi: Các loại cửa hàng., en: Kinds of shops. }
owner: SCT
sharing: [open]
update: entry
readers: everybody
retention: { forever: true }
catalogue: true
title: name
key: [code]
list: [code, name]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
"#;

/// Streets, open to everybody.
const STREET: &str = r#"
format: 1
record: street
vi: Đường phố
en: Streets
about: { vi: Tên các đường phố., en: Names of streets. }
owner: SXD
sharing: [open]
update: import
readers: everybody
retention: { forever: true }
title: name
key: [code]
list: [code, name, width]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: width, vi: Bề rộng, en: Width, type: number, decimals: 1, unit: m, class: public, search: true }
  - { field: photo, vi: Ảnh, en: Photo, type: file, most: 2, class: public }
  - { field: course, vi: Tuyến, en: Course, type: line, class: public }
  - { field: note, vi: Ghi chú, en: Note, type: long_text, class: internal }
"#;

/// Shops: something of every type, entered by the communes in their own areas.
const SHOP: &str = r#"
format: 1
record: shop
vi: Cửa hàng
en: Shops
about: { vi: Các cửa hàng của tỉnh., en: The shops of the province. }
owner: SCT
enters: [commune]
place: ward
basis: [59/2020/QH14]
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: name
key: [code]
list: [code, name, kind, ward, state, capital, started_on, street]
fields:
  - { field: code, vi: Mã, en: Code, type: text, pattern: CH-9999, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true, examples: [Tạp hóa Năm Thành] }
  - { field: kind, vi: Loại, en: Kind, type: catalogue, catalogue: shop_kind, class: public, search: true }
  - { field: ward, vi: Phường, en: Ward, type: area, required: true, class: public, search: true }
  - field: state
    vi: Trạng thái
    en: State
    type: choice
    required: true
    class: public
    search: true
    options: [{ code: open, vi: Đang bán, en: Open }, { code: closed, vi: Đã đóng cửa, en: Closed }]
  - { field: street, vi: Đường, en: Street, type: link, to: street, class: public, search: true }
  - { field: watched_by, vi: Nơi theo dõi, en: Watched by, type: link, to: agency, class: internal, search: true }
  - { field: owner_name, vi: Chủ cửa hàng, en: Keeper, type: name, class: personal, search: true }
  - { field: owner_number, vi: Số định danh của chủ, en: Personal number, type: person, class: personal, search: true }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: internal, search: true }
  - { field: ground, vi: Diện tích, en: Ground, type: number, decimals: 2, unit: m2, class: internal, search: true }
  - { field: started_on, vi: Ngày mở, en: Opened on, type: date, past: true, class: public, search: true }
  - { field: seen_at, vi: Kiểm tra lúc, en: Seen at, type: moment, class: internal, search: true }
  - { field: lease, vi: Thời hạn thuê, en: Lease, type: period, class: internal }
  - { field: goods, vi: Mặt hàng, en: Goods, type: choices, class: public, options: [{ code: food, vi: Thực phẩm, en: Food }, { code: tools, vi: Dụng cụ, en: Tools }] }
  - { field: corner, vi: Ở góc đường, en: At a corner, type: yes_no, class: public, search: true }
  - { field: place, vi: Vị trí, en: Place, type: point, class: public }
  - { field: outline, vi: Khu đất, en: Outline, type: polygon, class: internal }
  - field: staff
    vi: Nhân viên
    en: Staff
    type: rows
    most: 10
    class: internal
    columns:
      - { field: task, vi: Việc, en: Task, type: text, required: true }
      - { field: number, vi: Số người, en: Number, type: number }
  - { field: large, vi: Lớn, en: Large, type: computed, gives: yes_no, value: capital > 1000000000, class: internal }
rules:
  - { rule: rich, that: state != "open" or capital = null or capital > 0, field: capital, vi: Cửa hàng đang bán phải có vốn., en: An open shop has capital. }
"#;

const DESK: &str = "/can-bo/co-so-du-lieu";
const NUMBER: &str = "093090000001";

struct World {
    town: Town,
    sct: AgencyId,
    sxd: AgencyId,
}

impl Deref for World {
    type Target = Town;

    fn deref(&self) -> &Town {
        &self.town
    }
}

impl World {
    async fn new() -> Self {
        let town = Town::new().await;
        let mut op = town.ops.open(Actor::System("province")).await.unwrap();
        let mut ids = Vec::new();
        for (code, name) in [("H30.03", "Sở Công Thương"), ("H30.15", "Sở Xây dựng")] {
            let mut new = agency(code, AgencyLevel::Province, name, "93");
            new.area_code = None;
            ids.push(town.engines.identity.upsert_agency(&mut op, &new).await.unwrap());
        }
        op.commit().await.unwrap();
        let world = Self {
            sct: ids[0],
            sxd: ids[1],
            town,
        };
        for yaml in [KIND, STREET, SHOP] {
            world.publish(yaml).await;
        }
        for (agency, name, login, roles) in [
            (world.sct, "Trần Văn An", "anh", ["specialist"]),
            (world.sct, "Lê Thị Bình", "binh", ["leader"]),
            (world.sxd, "Võ Văn Dũng", "dung", ["specialist"]),
            (world.office, "Phan Thị Chi", "chi", ["specialist"]),
        ] {
            world.official_of(agency, name, login, &roles).await;
        }
        for (code, name) in [("food", "Cửa hàng thực phẩm"), ("tool", "Cửa hàng dụng cụ")] {
            world.add("shop_kind", json!({ "code": code, "name": name })).await;
        }
        world
    }

    async fn publish(&self, yaml: &str) {
        let mut problems = Problems::new();
        let definition = RecordDefinition::read("x.record.yaml", yaml, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        let agencies = BTreeMap::from([("SCT".to_owned(), self.sct), ("SXD".to_owned(), self.sxd)]);
        let mut op = self.ops.open(Actor::System("apps")).await.unwrap();
        self.engines
            .registry
            .publish(&mut op, "household-business", &definition.unwrap(), &agencies)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }

    async fn add_from(&self, register: &str, values: Value, from: Option<&str>) -> uuid::Uuid {
        let mut op = self.ops.open(Actor::System("apps")).await.unwrap();
        let given = values.as_object().cloned().unwrap();
        let from = from.map(|day| day.parse().unwrap());
        let written = self.engines.registry.add(&mut op, register, given, from).await.unwrap();
        op.commit().await.unwrap();
        written.id
    }

    async fn add(&self, register: &str, values: Value) -> uuid::Uuid {
        self.add_from(register, values, None).await
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.scratch.pool).await.unwrap()
    }
}

fn shop(code: &str) -> Value {
    json!({ "code": code, "name": "Tạp hóa Bảy Ngã", "ward": "31340", "state": "open" })
}

/// What the form of a shop carries when everything that must be there is.
fn filled<'a>(page: &Reply, more: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = [
        ("v.code", "CH-0001"),
        ("v.name", "Tạp hóa Bảy Ngã"),
        ("v.ward.ward", "31340"),
        ("v.state", "open"),
        ("valid_from", "01/01/2024"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for name in ["once", "version"] {
        fields.push((name.to_owned(), page.hidden(name)));
    }
    for (name, value) in more {
        match fields.iter_mut().find(|(own, _)| own == name) {
            Some(own) => own.1 = (*value).to_owned(),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    fields
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The text of one row of a table.
fn rows(page: &Reply) -> Vec<String> {
    let body = page.text.split("<tbody").nth(1).unwrap_or_default();
    let body = body.split("</tbody>").next().unwrap_or_default();
    let strip = |row: &str| {
        let parts = row
            .split('<')
            .filter_map(|part| part.split_once('>').map(|(_, text)| text.trim()));
        parts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | ")
    };
    body.split("<tr").skip(1).map(strip).collect()
}

/// shows: R246
#[tokio::test]
async fn every_register_is_named_to_everybody_and_found_without_tones() {
    let world = World::new().await;
    world.add("shop", shop("CH-0001")).await;
    let stranger = world.stranger().await;
    let index = stranger.get("/co-so-du-lieu").await;
    index
        .is(StatusCode::OK)
        .shows("3 cơ sở dữ liệu")
        .shows("Hệ thống đăng ký hộ kinh doanh");
    let all = stranger.get("/co-so-du-lieu?he-thong=household-business").await;
    all.shows("href=\"/co-so-du-lieu/street\"")
        .shows("Dữ liệu mở")
        .shows("Sở Xây dựng");
    // What is closed is named and counted all the same.
    let closed = rows(&all).into_iter().find(|row| row.starts_with("Cửa hàng")).unwrap();
    assert!(
        closed.contains("Hạn chế") && closed.contains("Sở Công Thương"),
        "{closed}"
    );
    let found = stranger.get("/co-so-du-lieu?q=duong+PHO").await;
    found
        .shows("Tìm thấy 1 cơ sở dữ liệu")
        .shows("Đường phố")
        .hides("Danh mục loại")
        .shows("Có trong tên");
    // Beginnings of words, not parts of them; what only speaks of it stands behind.
    stranger
        .get("/co-so-du-lieu?q=uong")
        .await
        .shows("Không có cơ sở dữ liệu nào");
    let behind = stranger.get("/co-so-du-lieu?q=cua+hang").await;
    behind.shows("Tìm thấy 2 cơ sở dữ liệu").hides("Có trong phần mô tả");
    stranger
        .get("/co-so-du-lieu?q=cac")
        .await
        .shows("Có trong phần mô tả")
        .hides("Có trong tên");
    stranger
        .get("/co-so-du-lieu?q=kh%C3%B4ng-c%C3%B3")
        .await
        .shows("Không có cơ sở dữ liệu nào như vậy");
    stranger
        .get("/co-so-du-lieu?mo=true")
        .await
        .shows("Tìm thấy 2 cơ sở dữ liệu")
        .hides("/co-so-du-lieu/shop\"");
    let by_form = stranger.get("/co-so-du-lieu?chia-se=default").await;
    by_form.shows("Tìm thấy 1").shows("Cửa hàng");
    stranger
        .get("/co-so-du-lieu?cap-nhat=import")
        .await
        .shows("Tìm thấy 1")
        .shows("Đường phố");
    let of_sxd = stranger.get(&format!("/co-so-du-lieu?co-quan={}", world.sxd)).await;
    of_sxd.shows("Tìm thấy 1").shows("Đường phố");
    stranger.get(DESK).await.is(StatusCode::SEE_OTHER);

    let own = world.sign_in("anh").await.get(DESK).await;
    own.shows("Cơ quan bạn quản lý").shows("aria-current=\"page\"");
    let shop = rows(&own).into_iter().find(|row| row.starts_with("Cửa hàng")).unwrap();
    assert!(shop.ends_with("| 1"), "{shop}");
    let enters = world.sign_in("chi").await.get(DESK).await;
    enters.shows("Cơ quan bạn được nhập").hides("Cơ quan bạn quản lý");
    world
        .sign_in("dung")
        .await
        .in_english()
        .get(DESK)
        .await
        .shows("Answered for by your agency")
        .shows("Streets");
}

/// shows: R247
#[tokio::test]
async fn strangers_see_what_is_open_and_nothing_else() {
    let world = World::new().await;
    let street = world
        .add(
            "street",
            json!({ "code": "D1", "name": "Hùng Vương", "width": 12.5, "note": "đang sửa",
                    "course": { "type": "LineString", "coordinates": [[105.4, 9.8], [105.41, 9.81]] } }),
        )
        .await;
    let shop = world.add("shop", shop("CH-0001")).await;
    let stranger = world.stranger().await;
    let list = stranger.get("/co-so-du-lieu/street").await;
    list.is(StatusCode::OK)
        .shows("Hùng Vương")
        .shows("12,5 m")
        .shows(&format!("href=\"/co-so-du-lieu/street/{street}\""));
    // Words would be found in what is internal too.
    list.hides("Tìm trong danh sách").hides("Nhập bản ghi mới");
    list.hides("tìm theo vài từ thì dùng ô tìm")
        .shows("href=\"/api/v1/registers/street/openapi.json\"");
    // Asking for what is hidden tells no more than asking for a name of nobody.
    for asked in ["note=x", "zzz=x", "note.from=x", "zzz.from=x"] {
        let list = stranger.get(&format!("/co-so-du-lieu/street?{asked}")).await;
        list.is(StatusCode::OK).shows("Hùng Vương").hides("Ghi chú");
    }
    let record = stranger.get(&format!("/co-so-du-lieu/street/{street}")).await;
    record
        .is(StatusCode::OK)
        .shows("Hùng Vương")
        .shows("Đường 2 điểm")
        .shows("<svg viewBox")
        .shows("9,81; 105,41")
        .hides("đang sửa")
        .hides("Ghi chú")
        .shows("Bản ghi còn 1 thông tin khác")
        .hides("Cập nhật</a>");
    for path in [
        "/co-so-du-lieu/shop".to_owned(),
        "/co-so-du-lieu/shop?code=CH-0001".to_owned(),
    ] {
        let closed = stranger.get(&path).await;
        closed
            .is(StatusCode::FORBIDDEN)
            .shows("Bạn chưa được xem dữ liệu này")
            .hides("Tạp hóa");
    }
    stranger
        .get(&format!("/co-so-du-lieu/shop/{shop}"))
        .await
        .is(StatusCode::NOT_FOUND);
    stranger.get("/co-so-du-lieu/nothing").await.is(StatusCode::NOT_FOUND);
    world.citizen("Nguyễn Thị Lan", "lan").await;
    let citizen = world.sign_in("lan").await;
    citizen.get(&format!("{DESK}/street")).await.is(StatusCode::FORBIDDEN);
    for path in [
        "moi",
        &format!("{street}/cap-nhat"),
        &format!("{street}/dinh-chinh"),
        &format!("{street}/ket-thuc"),
    ] {
        let path = format!("{DESK}/street/{path}");
        citizen.get(&path).await.is(StatusCode::FORBIDDEN);
        citizen
            .post("/tai-khoan", &path, &[("v.name", "x")])
            .await
            .is(StatusCode::FORBIDDEN);
        stranger.get(&path).await.is(StatusCode::SEE_OTHER);
    }
    // A colleague of another agency reads, and is not offered what would be refused.
    let other = world.sign_in("dung").await;
    let list = other.get(&format!("{DESK}/shop")).await;
    list.is(StatusCode::OK)
        .shows("Tạp hóa Bảy Ngã")
        .hides("Nhập bản ghi mới")
        .hides("thông tin được bảo vệ");
    other.get(&format!("{DESK}/shop/moi")).await.is(StatusCode::FORBIDDEN);
    let page = other.get(&format!("{DESK}/shop/{shop}")).await;
    page.is(StatusCode::OK)
        .hides("/cap-nhat")
        .hides("Điện thoại")
        .hides("muc_dich");
    other
        .get(&format!("{DESK}/shop/{shop}/cap-nhat"))
        .await
        .is(StatusCode::FORBIDDEN);
}

async fn with_shops(world: &World) -> Vec<uuid::Uuid> {
    let street = world
        .add("street", json!({ "code": "D1", "name": "Hùng Vương", "width": 12 }))
        .await;
    world
        .add(
            "street",
            json!({ "code": "D2", "name": "Hùng Vương nối dài", "width": 9 }),
        )
        .await;
    let mut ids = vec![street];
    for number in 1..=30 {
        let mut one = shop(&format!("CH-{number:04}"));
        one["name"] = json!(format!("Tiệm số {number}"));
        one["capital"] = json!(number * 1_000_000);
        one["started_on"] = json!(format!("2024-01-{number:02}"));
        one["ward"] = json!(if number % 2 == 0 { "31340" } else { "31341" });
        if number <= 3 {
            one["state"] = json!("closed");
            one["street"] = json!("D1");
            one["kind"] = json!("food");
            one["goods"] = json!(["food", "tools"]);
            one["seen_at"] = json!("2025-03-01T08:00:00+07:00");
            one["corner"] = json!(true);
        }
        ids.push(world.add_from("shop", one, Some("2024-02-01")).await);
    }
    ids
}

/// shows: R012
#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged_by_its_address() {
    let world = World::new().await;
    let ids = with_shops(&world).await;
    let an = world.sign_in("anh").await;
    let base = format!("{DESK}/shop");
    let list = an.get(&base).await;
    list.is(StatusCode::OK)
        .shows("30 bản ghi")
        .shows("tính đến hôm nay")
        .shows("data-nb-keys");
    assert_eq!(rows(&list).len(), 25);
    // The newest first; codes and choices by their words, wards by their names, money and days as people write them.
    assert_eq!(
        rows(&list)[0],
        "CH-0030 | Tiệm số 30 | Phường Ngã Bảy, Thành phố Ngã Bảy | Đang bán | 30.000.000 đ | 30/01/2024"
    );
    let next = between(&list.text, "rel=\"next\" href=\"", "\"").replace("&amp;", "&");
    let second = an.get(&next).await;
    assert_eq!(rows(&second).len(), 5);
    second.shows("href=\"/can-bo/co-so-du-lieu/shop\">Về đầu danh sách</a>");

    // Every filter stands in the address, with a chip that takes it away.
    let filtered = an.get(&format!("{base}?state=closed&ward=31341&sort=name")).await;
    assert_eq!(
        rows(&filtered)
            .iter()
            .map(|row| row.split(" | ").next().unwrap().to_owned())
            .collect::<Vec<_>>(),
        ["CH-0001", "CH-0003"]
    );
    filtered
        .shows("Trạng thái: Đã đóng cửa")
        .shows("Phường: Phường Lái Hiếu, Thành phố Ngã Bảy")
        .shows("href=\"/can-bo/co-so-du-lieu/shop?ward=31341&amp;sort=name\"")
        .shows("<details class=\"nb-filter\"><summary>")
        .shows("<option value=\"name\" selected>")
        .shows("<option value=\"-capital\">Vốn: giảm dần</option>")
        .shows("<option value=\"closed\" selected>")
        .shows("<option value=\"31341\" selected>");
    assert!(rows(&filtered)[0].contains("Cửa hàng thực phẩm") && rows(&filtered)[0].ends_with("Hùng Vương"));
    for (query, count) in [
        ("q=TIEM+so+7", 1),
        ("capital.from=5.000.000&capital.to=7000000", 3),
        ("started_on.from=2024-01-29", 2),
        ("started_on.to=02%2F01%2F2024", 2),
        ("kind=food", 3),
        ("corner=yes", 3),
        ("seen_at.from=2025-03-01T07:00", 3),
        ("street=~", 27),
        ("state=open&state=closed", 30),
        ("name=Ti%E1%BB%87m+s%E1%BB%91+12", 1),
    ] {
        let page = an.get(&format!("{base}?{query}")).await;
        page.is(StatusCode::OK)
            .shows(&format!("<strong>{count} bản ghi</strong>"))
            .shows("class=\"nb-chips\"");
    }
    // Heads sort, and from the end when followed again.
    let sorted = an.get(&format!("{base}?sort=capital")).await;
    sorted
        .shows("aria-sort=\"ascending\"")
        .shows("href=\"/can-bo/co-so-du-lieu/shop?sort=-capital\"");
    assert!(rows(&sorted)[0].starts_with("CH-0001"));
    let down = an.get(&format!("{base}?sort=-capital")).await;
    down.shows("aria-sort=\"descending\"");
    assert!(rows(&down)[0].starts_with("CH-0030"), "{:?}", rows(&down));
    let next = between(&down.text, "rel=\"next\" href=\"", "\"").replace("&amp;", "&");
    assert!(next.contains("sort=-capital&sau="), "{next}");
    assert_eq!(rows(&an.get(&next).await).len(), 5);
    // Many records are changed by fields that somebody has chosen.
    an.get(&format!("{base}/sua-nhieu?state=closed&O=-"))
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("<a href=\"#f-O\">Hãy chọn ít nhất một ô cần sửa.</a>")
        .shows("id=\"f-O-error\"");
    // A day before there was any of it.
    let before = an.get(&format!("{base}?as_of=2023-12-31")).await;
    before
        .shows("Ngày này chưa có bản ghi nào")
        .shows("Tính đến ngày 31/12/2023");
    let then = an.get(&format!("{base}?as_of=2024-02-01&state=closed")).await;
    then.shows("3 bản ghi")
        .shows("tính đến ngày 01/02/2024")
        .shows("?as_of=2024-02-01\"");
    an.get(&format!("{base}?q=kh%C3%B4ngc%C3%B3"))
        .await
        .shows("Không có bản ghi nào như vậy");

    // Records are filtered by what people know of them.
    let by_key = an.get(&format!("{base}?street=D1&state=closed")).await;
    assert_eq!(by_key.location(), format!("{base}?street={}&state=closed", ids[0]));
    let by_id = an.get(by_key.location()).await;
    by_id.shows("Đường: Hùng Vương").shows("3 bản ghi");
    let by_title = an.get(&format!("{base}?street=hung+vuong")).await;
    assert_eq!(by_title.location(), format!("{base}?street={}", ids[0]));
    let many = an.get(&format!("{base}?street=hung")).await;
    many.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("có nhiều bản ghi như vậy")
        .shows("Hùng Vương nối dài")
        .shows(&format!("?street={}\"", ids[0]));
    an.get(&format!("{base}?street=kh%C3%B4ng"))
        .await
        .shows("không tìm thấy bản ghi nào như vậy");
    // Questions that make no sense are told on the page, with what was typed.
    let wrong = an.get(&format!("{base}?capital.from=nhi%E1%BB%81u")).await;
    wrong
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Không lọc được theo Vốn")
        .shows("value=\"nhiều\"");
    an.get(&format!("{base}?sort=goods"))
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("sắp xếp được theo Mặt hàng");
    an.get(&format!("{base}?as_of=hom-qua"))
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    an.get(&format!("{base}?sau=%27;DROP"))
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    an.get(&format!("{base}?q=%3Cscript%3Ealert(1)%3C/script%3E"))
        .await
        .is(StatusCode::OK)
        .hides("<script>alert");
    // English readers read English words and numbers.
    let english = world.sign_in("anh").await.in_english();
    english
        .get(&format!("{base}?code=CH-0030"))
        .await
        .shows("Open")
        .shows("30,000,000 VND")
        .shows("1 record");
}

/// shows: R028
#[tokio::test]
async fn what_is_sealed_stands_in_no_address_and_is_opened_once_for_a_purpose() {
    let world = World::new().await;
    let mut one = shop("CH-0001");
    one["owner_number"] = json!(NUMBER);
    one["owner_name"] = json!("Nguyễn Thị Đào");
    one["phone"] = json!("0912345678");
    let id = world.add("shop", one).await;
    let an = world.sign_in("anh").await;
    let list = format!("{DESK}/shop");
    let record = format!("{list}/{id}");
    let page = an.get(&record).await;
    page.is(StatusCode::OK)
        .shows("Nguyễn Thị Đào")
        .shows("Được bảo vệ")
        .hides(NUMBER)
        .hides("0912345678");
    let none = an.send(&page, &format!("{record}/mo"), &[("muc_dich", "  ")]).await;
    none.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("<a href=\"#f-muc_dich\">Hãy ghi rõ mục đích")
        .hides("0912345678");
    let purpose = "Giải quyết hồ sơ H30.03-260302-0001";
    let opened = an.send(&page, &format!("{record}/mo"), &[("muc_dich", purpose)]).await;
    opened
        .is(StatusCode::OK)
        .shows(NUMBER)
        .shows("tel:0912345678")
        .shows(purpose);
    an.get(&record).await.hides(NUMBER).hides("0912345678");
    let looks = "SELECT count(*) FROM op.audit_entry WHERE action = 'registry.opened'";
    assert_eq!(world.count(looks).await, 1);
    // Nobody opens by an address, nor without the form of a page.
    an.get(&format!("{record}/mo?muc_dich=x"))
        .await
        .is(StatusCode::METHOD_NOT_ALLOWED);
    an.post_with("wrong", &format!("{record}/mo"), &[("muc_dich", purpose)])
        .await
        .hides(NUMBER);
    assert_eq!(world.count(looks).await, 1);

    let asked = an.get(&format!("{list}?owner_number={NUMBER}")).await;
    asked.is(StatusCode::UNPROCESSABLE_ENTITY).hides("<tbody");
    let page = an.get(&list).await;
    page.shows("Tìm theo thông tin được bảo vệ");
    let found = an
        .send(&page, &format!("{list}/tim"), &[("tim.owner_number", NUMBER)])
        .await;
    found.is(StatusCode::OK).shows("Tạp hóa Bảy Ngã").hides(NUMBER);
    let other = an
        .send(&page, &format!("{list}/tim"), &[("tim.owner_number", "093090000002")])
        .await;
    other.shows("Không có bản ghi nào như vậy");
    an.send(&page, &format!("{list}/tim"), &[("tim.owner_number", "12")])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    let dung = world.sign_in("dung").await;
    let page = dung.get(&list).await;
    dung.send(&page, &format!("{record}/mo"), &[("muc_dich", purpose)])
        .await
        .hides("0912345678");
    dung.send(&page, &format!("{list}/tim"), &[("tim.owner_number", NUMBER)])
        .await
        .hides("Tạp hóa");

    // A change leaves alone what nobody has opened; typing replaces it; a mark takes it away.
    for (fields, phone) in [
        (vec![("v.name", "Tên mới")], Some("0912345678")),
        (vec![("v.phone", "0987654321")], Some("0987654321")),
        (vec![("xoa", "phone")], None),
    ] {
        let form = an.get(&format!("{record}/cap-nhat")).await;
        form.shows("giá trị đang lưu không hiện ở đây").hides("0912345678");
        let mut fields = fields;
        fields.push(("valid_from", "02/03/2026"));
        let fields = filled(&form, &fields);
        let done = an.send(&form, &format!("{record}/cap-nhat"), &pairs(&fields)).await;
        // The day is the first one of the record: what is said takes the place of what was recorded.
        assert!(done.location().ends_with("?da=register_replaced"));
        let page = an.get(&record).await;
        let opened = an.send(&page, &format!("{record}/mo"), &[("muc_dich", purpose)]).await;
        match phone {
            Some(phone) => opened.shows(phone),
            None => opened.hides("tel:09"),
        };
        opened.shows(NUMBER);
    }
    an.get(&record).await.shows("Có thay đổi ở thông tin được bảo vệ");
}

/// shows: R254
#[tokio::test]
async fn a_form_tells_every_fault_at_its_field_and_loses_nothing() {
    let world = World::new().await;
    let an = world.sign_in("anh").await;
    let new = format!("{DESK}/shop/moi");
    let form = an.get(&new).await;
    form.is(StatusCode::OK)
        .shows("name=\"v.code\"")
        .shows("Theo mẫu CH-9999")
        .shows("Ví dụ: Tạp hóa Năm Thành")
        .shows("<option value=\"food\">Cửa hàng thực phẩm</option>")
        .shows("<optgroup label=\"Thành phố Ngã Bảy\"")
        .shows("type=\"radio\" id=\"f-v-state-1\"")
        .shows("name=\"v.staff.2.task\"")
        .hides("v.large");
    let wrong = filled(
        &form,
        &[
            ("v.code", "7"),
            ("v.name", " "),
            ("v.ward.ward", ""),
            ("v.capital", "nhiều lắm"),
            ("v.started_on", "31/02/2024"),
            ("v.lease.from", "01/01/2025"),
            ("v.lease.to", "01/01/2024"),
            ("v.street", "không có đường này"),
            ("v.outline", "ở kia"),
            ("v.place", "9,7825; 105,4701"),
            ("v.staff.1.number", "2"),
            ("v.goods", "tools"),
            ("v.corner", "true"),
            ("valid_from", "hôm nay"),
        ],
    );
    let told = an.send(&form, &new, &pairs(&wrong)).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY);
    for (field, text) in [
        ("code", "Mã: Không đúng mẫu quy định."),
        ("name", "Tên: Hãy điền ô này."),
        ("ward", "Phường: Hãy điền ô này."),
        ("capital", "Vốn: Số tiền không đúng."),
        ("started_on", "Ngày mở: Ngày không đúng."),
        ("lease", "Thời hạn thuê: Ngày kết thúc phải từ ngày bắt đầu trở đi."),
        ("street", "Đường: Không có bản ghi này."),
        ("outline", "Khu đất: Vị trí hoặc hình không đúng."),
        ("staff", "Nhân viên: Dòng 1, cột Việc chưa đúng."),
    ] {
        told.shows(&format!("<a href=\"#f-v-{field}\">{text}"))
            .shows(&format!("id=\"f-v-{field}-error\""));
    }
    told.shows("<a href=\"#f-valid_from\">Có hiệu lực từ ngày: Ngày không đúng.");
    for kept in [
        "value=\"7\"",
        "value=\"nhiều lắm\"",
        "value=\"31/02/2024\"",
        "value=\"01/01/2025\"",
        "value=\"không có đường này\"",
        "ở kia</textarea>",
        "value=\"9,7825; 105,4701\"",
        "value=\"tools\" checked",
        "value=\"hôm nay\"",
        "name=\"v.staff.1.number\" value=\"2\"",
    ] {
        told.shows(kept);
    }
    assert_eq!(
        world
            .count("SELECT count(*) FROM op.audit_entry WHERE action = 'registry.written'")
            .await,
        2
    );
    // A rule across fields stands at its field, in the words of the declaration.
    let rule = filled(&form, &[("v.capital", "0")]);
    let told = an.send(&form, &new, &pairs(&rule)).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Vốn: Cửa hàng đang bán phải có vốn.");
    // More lines are asked for without losing anything, and without a word about what is still missing.
    let more = filled(
        &form,
        &[("v.code", ""), ("v.staff.0.task", "Bán hàng"), ("them", "staff")],
    );
    let more = an.send(&form, &new, &pairs(&more)).await;
    more.is(StatusCode::OK)
        .shows("v.staff.8.task")
        .shows("value=\"Bán hàng\"")
        .hides("nb-errors");
    // Looking through writes nothing.
    let check = filled(&form, &[("kiem_tra", "1")]);
    let checked = an.send(&form, &new, &pairs(&check)).await;
    checked.is(StatusCode::OK).shows("Chưa thấy chỗ nào sai");
    an.get(&format!("{DESK}/shop")).await.shows("chưa có bản ghi nào");
}

#[tokio::test]
async fn a_record_is_entered_once_however_often_the_button_is_pressed() {
    let world = World::new().await;
    for (code, name) in [("D1", "Hùng Vương"), ("D2", "Hùng Vương nối dài"), ("D3", "Lê Lợi")] {
        world.add("street", json!({ "code": code, "name": name })).await;
    }
    let an = world.sign_in("anh").await;
    let new = format!("{DESK}/shop/moi");
    let form = an.get(&new).await;
    // Words that mean several: one is chosen, and everything else still stands there.
    let many = filled(&form, &[("v.street", "hung vuong noi"), ("v.name", "Tiệm")]);
    let one = an
        .send(
            &form,
            &new,
            &pairs(&[many.as_slice(), &[("kiem_tra".into(), "1".into())]].concat()),
        )
        .await;
    one.shows("Đã tìm thấy:").shows("Hùng Vương nối dài");
    let found = one.hidden("v.street.id");
    let many = filled(&form, &[("v.street", "hung"), ("v.name", "Tiệm")]);
    let told = an.send(&form, &new, &pairs(&many)).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Bạn muốn nói bản ghi nào?")
        .shows("value=\"Tiệm\"");
    let whole = filled(
        &form,
        &[
            ("v.name", "Tiệm"),
            ("v.street", "hung"),
            ("v.street.was", "hung"),
            ("v.street.id", &found),
            ("v.kind", "food"),
            ("v.capital", "1.500.000.000"),
            ("v.ground", "52,5"),
            ("v.started_on", "5/3/2020"),
            ("v.seen_at", "30/11/2025 08:00"),
            ("v.lease.from", "01/01/2024"),
            ("v.goods", "food"),
            ("v.corner", "false"),
            ("v.place", "9,7825; 105,4701"),
            ("v.outline", "9,8; 105,4\n9,8; 105,5\n9,9; 105,5"),
            ("v.staff.1.task", "Bán hàng"),
            ("v.staff.1.number", "3"),
            ("v.staff.4.task", "Giữ xe"),
            ("v.owner_number", NUMBER),
        ],
    );
    let done = an.send(&form, &new, &pairs(&whole)).await;
    let to = done.location().to_owned();
    assert!(to.ends_with("?da=register_added"), "{to}");
    let again = an.send(&form, &new, &pairs(&whole)).await;
    assert_eq!(again.location(), to, "the same press once more");
    // Back in the browser, and something else typed into the same form: told, not lost, not taken for the same.
    let mut other = whole.clone();
    other[1].1 = "Tiệm khác".into();
    other[0].1 = "CH-0002".into();
    let told = an.send(&form, &new, &pairs(&other)).await;
    told.is(StatusCode::CONFLICT)
        .shows("đã được lưu một lần")
        .shows("value=\"Tiệm khác\"");
    let once = told.hidden("once");
    other.iter_mut().find(|(name, _)| name == "once").unwrap().1 = once;
    assert_ne!(an.send(&told, &new, &pairs(&other)).await.location(), to);
    an.get(&format!("{DESK}/shop")).await.shows("2 bản ghi");

    let record = an.get(to.split('?').next().unwrap()).await;
    record
        .shows("Tiệm")
        .shows("1.500.000.000 đ")
        .shows("52,5 m²")
        .shows("05/03/2020")
        .shows("08:00 30/11/2025")
        .shows("Có hiệu lực từ 01/01/2024")
        .shows("9,7825; 105,4701")
        .shows("Vùng 3 điểm")
        .shows("href=\"geo:9.850000,105.450000\"")
        .shows("nb-map__shape")
        .shows("Bán hàng")
        .shows("Giữ xe")
        .shows("Hùng Vương nối dài")
        .shows("Cửa hàng thực phẩm")
        .shows("Thực phẩm")
        .shows("Sở Công Thương")
        .shows("59/2020/QH14")
        .shows("Người ghi: Trần Văn An")
        .hides(NUMBER);
    // What stands in the record stands in its form, as it is typed.
    let form = an.get(&format!("{}/cap-nhat", to.split('?').next().unwrap())).await;
    for typed in [
        "value=\"1.500.000.000\"",
        "value=\"52,5\"",
        "value=\"05/03/2020\"",
        "value=\"30/11/2025 08:00\"",
        "name=\"v.lease.from\" value=\"01/01/2024\"",
        "value=\"9,7825; 105,4701\"",
        "9,8; 105,4\n9,8; 105,5\n9,9; 105,5</textarea>",
        "value=\"Giữ xe\"",
        "value=\"Hùng Vương nối dài\"",
        "<option value=\"food\" selected>",
        "value=\"food\" checked",
        "<option value=\"false\" selected>",
        "<option value=\"31340\" selected>",
    ] {
        form.shows(typed);
    }
    form.hides(NUMBER);
}

/// shows: R254
#[tokio::test]
async fn whoever_was_slower_sees_what_the_other_did_and_keeps_what_they_typed() {
    let world = World::new().await;
    let id = world.add_from("shop", shop("CH-0001"), Some("2020-01-01")).await;
    let record = format!("{DESK}/shop/{id}");
    let (change, correct) = (format!("{record}/cap-nhat"), format!("{record}/dinh-chinh"));
    let (an, chi) = (world.sign_in("anh").await, world.sign_in("chi").await);
    let slow = an.get(&change).await;
    let quick = chi.get(&change).await;
    world.scratch.clock.advance(chrono::TimeDelta::seconds(60));
    let fields = filled(&quick, &[("v.name", "Tên của Chi"), ("valid_from", "01/03/2024")]);
    chi.send(&quick, &change, &pairs(&fields)).await.location();
    let fields = filled(
        &slow,
        &[
            ("v.name", "Tên của An"),
            ("valid_from", "01/04/2024"),
            ("reason", "Quyết định 12"),
        ],
    );
    let told = an.send(&slow, &change, &pairs(&fields)).await;
    told.is(StatusCode::CONFLICT)
        .shows("Thay đổi của người khác")
        .shows("Phan Thị Chi")
        .shows("<del>Tạp hóa Bảy Ngã</del>")
        .shows("<ins>Tên của Chi</ins>")
        .shows("value=\"Tên của An\"")
        .shows("value=\"01/04/2024\"")
        .shows("Quyết định 12</textarea>");
    assert_eq!(told.hidden("version"), "2");
    world.scratch.clock.advance(chrono::TimeDelta::seconds(60));
    let fields = filled(
        &told,
        &[
            ("v.name", "Tên của An"),
            ("valid_from", "01/04/2024"),
            ("reason", "Quyết định 12"),
        ],
    );
    an.send(&told, &change, &pairs(&fields)).await.location();

    // Before something that begins later nothing begins; that stands at the day.
    let form = an.get(&change).await;
    let fields = filled(&form, &[("valid_from", "01/01/2021")]);
    let told = an.send(&form, &change, &pairs(&fields)).await;
    told.is(StatusCode::CONFLICT).shows("#f-valid_from").shows("01/03/2024");

    // A correction: of the period that is chosen, with a reason, and what was wrong stays in the past.
    let form = an.get(&format!("{correct}?ky=2020-01-01")).await;
    form.shows("Đính chính giai đoạn nào?")
        .shows("value=\"29/02/2024\"")
        .shows("value=\"Tạp hóa Bảy Ngã\"");
    let period = |reason: &'static str| {
        [
            ("v.name", "Tạp hóa Bảy"),
            ("valid_from", "01/02/2020"),
            ("valid_to", "29/02/2024"),
            ("ky", "2020-01-01"),
            ("reason", reason),
        ]
    };
    let told = an.send(&form, &correct, &pairs(&filled(&form, &period("")))).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Lý do: Hãy điền ô này.")
        .shows("value=\"Tạp hóa Bảy\"");
    world.scratch.clock.advance(chrono::TimeDelta::seconds(60));
    let done = an
        .send(&form, &correct, &pairs(&filled(&form, &period("Ghi nhầm tên"))))
        .await;
    assert!(done.location().ends_with("?da=register_corrected"));
    let page = an.get(&record).await;
    page.shows("Đính chính")
        .shows("Lý do: Ghi nhầm tên")
        .shows("<del>Tạp hóa Bảy Ngã</del>")
        .shows("<ins>Tạp hóa Bảy</ins>")
        .shows("Trước đó ghi: Có hiệu lực từ 01/01/2020 đến 29/02/2024.")
        .shows("Phan Thị Chi")
        .shows("Trần Văn An");
    // Any day, and what was known at any moment.
    an.get(&format!("{record}?as_of=2024-03-15"))
        .await
        .shows("Đang xem ngày 15/03/2024")
        .shows("Tên của Chi</h1>");
    an.get(&format!("{record}?as_of=2020-06-01"))
        .await
        .shows("Tạp hóa Bảy</h1>");
    an.get(&format!("{record}?as_of=2019-06-01"))
        .await
        .shows("không có hiệu lực");
    let moments: Vec<String> = page
        .text
        .split("?known_at=")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(moments.len(), 4);
    let first = an
        .get(&format!("{record}?known_at={}&as_of=2021-01-01", moments[3]))
        .await;
    first
        .shows("Đang xem điều đã biết trước đây")
        .shows("Tạp hóa Bảy Ngã</h1>")
        .hides("/dinh-chinh\"");

    // Its end: with a reason, once.
    let end = format!("{record}/ket-thuc");
    let form = an.get(&end).await;
    let once = form.hidden("once");
    let version = form.hidden("version");
    let ending = |last: &'static str, reason: &'static str| vec![("last", last), ("reason", reason)];
    let send = async |fields: Vec<(&str, &str)>| {
        let mut fields = fields;
        fields.extend([("once", once.as_str()), ("version", version.as_str())]);
        an.send(&form, &end, &fields).await
    };
    send(ending("31/12/2024", ""))
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Lý do: Hãy điền ô này.");
    send(ending("x", "Đóng cửa"))
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("value=\"x\"")
        .shows("Đóng cửa</textarea>");
    send(ending("01/01/2020", "Đóng cửa"))
        .await
        .is(StatusCode::CONFLICT)
        .shows("#f-last");
    let done = send(ending("31/12/2024", "Đóng cửa")).await;
    assert!(done.location().ends_with("?da=register_ended"));
    assert_eq!(
        send(ending("31/12/2024", "Đóng cửa")).await.location(),
        done.location(),
        "pressed twice"
    );
    let page = an.get(&record).await;
    page.shows("Có hiệu lực từ 01/04/2024 đến 31/12/2024")
        .shows("không có hiệu lực")
        .hides("/ket-thuc\"");
    // It may begin again: that is said by its name, and nothing else is said to have changed.
    page.shows("Cho hiệu lực trở lại").hides(">Cập nhật</a>");
    let form = an.get(&change).await;
    form.shows("Bản ghi này đã kết thúc ngày 31/12/2024")
        .shows("Cho hiệu lực trở lại</button>");
    let fields = filled(
        &form,
        &[
            ("v.name", "Tên của An"),
            ("valid_from", "01/03/2026"),
            ("kiem_tra", "1"),
        ],
    );
    an.send(&form, &change, &pairs(&fields))
        .await
        .is(StatusCode::OK)
        .shows("Chưa thấy chỗ nào sai");
    let early = filled(&form, &[("valid_from", "01/01/2019")]);
    an.send(&form, &change, &pairs(&early))
        .await
        .is(StatusCode::CONFLICT)
        .shows("Bản ghi này bắt đầu từ ngày 01/02/2020");
    an.get(&format!("{DESK}/shop")).await.hides("Tên của An");
    an.get(&format!("{DESK}/shop?as_of=2024-12-31"))
        .await
        .shows("Tên của An");
    world.scratch.clock.advance(chrono::TimeDelta::seconds(60));
    let form = an.get(&change).await;
    let fields = filled(&form, &[("v.name", "Tên của An"), ("valid_from", "01/03/2026")]);
    let done = an.send(&form, &change, &pairs(&fields)).await;
    assert!(done.location().ends_with("?da=register_revived"));
    an.get(&record)
        .await
        .shows("Có hiệu lực từ 01/03/2026")
        .hides("Có thay đổi ở thông tin được bảo vệ")
        .shows(">Cập nhật</a>");
}

/// What whoever was slower has not touched is as the other has left it: pressing once more takes nothing of theirs back.
#[tokio::test]
async fn pressing_once_more_takes_nothing_back() {
    let world = World::new().await;
    let id = world.add("shop", shop("CH-0001")).await;
    let change = format!("{DESK}/shop/{id}/cap-nhat");
    let (an, chi) = (world.sign_in("anh").await, world.sign_in("chi").await);
    let slow = an.get(&change).await;
    let quick = chi.get(&change).await;
    world.scratch.clock.advance(chrono::TimeDelta::seconds(60));
    let day = ("valid_from", "02/03/2026");
    let fields = filled(&quick, &[("v.capital", "2.000.000"), day]);
    chi.send(&quick, &change, &pairs(&fields)).await.location();
    let fields = filled(&slow, &[("v.name", "Tên của An"), day]);
    an.send(&slow, &change, &pairs(&fields))
        .await
        .is(StatusCode::CONFLICT)
        .shows("value=\"Tên của An\"")
        .shows("value=\"2.000.000\"");
    // What both have touched stays as it was typed.
    let fields = filled(&slow, &[("v.name", "Tên của An"), ("v.capital", "3.000.000"), day]);
    an.send(&slow, &change, &pairs(&fields))
        .await
        .is(StatusCode::CONFLICT)
        .shows("value=\"3.000.000\"");
}

#[tokio::test]
async fn a_commune_enters_what_lies_in_its_area() {
    let world = World::new().await;
    let there = {
        let mut one = shop("CH-0009");
        one["ward"] = json!("31341");
        world.add("shop", one).await
    };
    let here = world.add("shop", shop("CH-0008")).await;
    let chi = world.sign_in("chi").await;
    let list = format!("{DESK}/shop");
    chi.get(&list).await.shows("Nhập bản ghi mới");
    chi.get(&format!("{list}/{here}")).await.shows("/cap-nhat\"");
    chi.get(&format!("{list}/{there}")).await.hides("/cap-nhat\"");
    chi.get(&format!("{list}/{there}/cap-nhat"))
        .await
        .is(StatusCode::FORBIDDEN);
    chi.get(&format!("{list}/{there}/ket-thuc"))
        .await
        .is(StatusCode::FORBIDDEN);
    let form = chi.get(&format!("{list}/moi")).await;
    form.shows("<option value=\"31340\" selected>");
    let outside = filled(&form, &[("v.ward.ward", "31341"), ("v.name", "Ở nơi khác")]);
    let told = chi.send(&form, &format!("{list}/moi"), &pairs(&outside)).await;
    told.is(StatusCode::FORBIDDEN)
        .shows("Phường: Nơi này không thuộc địa bàn của cơ quan bạn.")
        .shows("value=\"Ở nơi khác\"");
    let inside = filled(&form, &[("v.name", "Ở đây")]);
    chi.send(&form, &format!("{list}/moi"), &pairs(&inside))
        .await
        .location();
    // The key is taken: at its field.
    let form = chi.get(&format!("{list}/moi")).await;
    let told = chi
        .send(&form, &format!("{list}/moi"), &pairs(&filled(&form, &[])))
        .await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("#f-v-code")
        .shows("Đã có bản ghi khác");
    // A leader reads and opens, but does not enter.
    let binh = world.sign_in("binh").await;
    binh.get(&format!("{list}/{here}"))
        .await
        .is(StatusCode::OK)
        .hides("/cap-nhat\"")
        .shows("muc_dich");
}

#[tokio::test]
async fn files_come_with_the_form_and_leave_with_their_record() {
    let world = World::new().await;
    let dung = world.sign_in("dung").await;
    let new = format!("{DESK}/street/moi");
    let upload = format!("{new}/tep");
    let form = dung.get(&new).await;
    form.shows("enctype=\"multipart/form-data\"")
        .shows("name=\"tep.photo\"");
    let (once, version) = (form.hidden("once"), form.hidden("version"));
    let typed = |code: &'static str| {
        vec![
            ("v.code", code),
            ("v.name", "Lê Lợi"),
            ("once", once.as_str()),
            ("version", version.as_str()),
        ]
    };
    // Something is missing: the file waits with what was typed.
    let told = dung
        .multipart(&new, &upload, "tep.photo", &[("cầu.png", PICTURE)], &typed(""))
        .await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Mã: Hãy điền ô này.")
        .shows("cầu.png")
        .shows("value=\"Lê Lợi\"");
    let file = told.hidden("v.photo");
    // What is no picture is told beside the field; the first file is still there.
    let mut fields = typed("D1");
    fields.push(("v.photo", file.as_str()));
    let told = dung
        .multipart(&new, &upload, "tep.photo", &[("x.exe", b"MZ...")], &fields)
        .await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Ảnh: ")
        .shows("x.exe")
        .shows("cầu.png");
    // Another official names that file in a form of their own: it is not theirs.
    let town = &world.town;
    town.official_of(world.sxd, "Hồ Văn Xa", "xanh", &["specialist"]).await;
    let thief = world.sign_in("xanh").await;
    let stolen = thief.multipart(&new, &upload, "tep.photo", &[], &fields).await;
    stolen
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Ảnh: Tệp không đúng.")
        .hides("cầu.png");
    let done = dung.multipart(&new, &upload, "tep.photo", &[], &fields).await;
    let record = done.location().split('?').next().unwrap().to_owned();
    let page = dung.get(&record).await;
    page.shows("cầu.png");
    let href = between(&page.text, &format!("href=\"{record}/tep/"), "\"");
    let sent = dung.get(&format!("{record}/tep/{}", href.replace("&amp;", "&"))).await;
    assert_eq!(
        (sent.status, &sent.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"image/png".parse().unwrap())
    );
    let held = "SELECT count(*) FROM files.file WHERE holder LIKE 'record:street/%/photo'";
    assert_eq!(world.count(held).await, 1);
    // Open to everybody, and another file by the same address to nobody.
    let public = record.replace(DESK, "/co-so-du-lieu");
    let stranger = world.stranger().await;
    stranger
        .get(&format!("{public}/tep/{file}?xem=1"))
        .await
        .is(StatusCode::OK);
    stranger
        .get(&format!("{public}/tep/{}", uuid::Uuid::now_v7()))
        .await
        .is(StatusCode::NOT_FOUND);
    // Whatever a record names: a file of something else is neither sent nor called by its name.
    let hold = async |holder: &str| {
        sqlx::query("UPDATE files.file SET holder = $1 WHERE id = $2")
            .bind(holder)
            .bind(file.parse::<uuid::Uuid>().unwrap())
            .execute(&town.scratch.pool)
            .await
            .unwrap();
    };
    let id = record.rsplit('/').next().unwrap();
    let own = format!("record:street/{id}/photo");
    for other in [
        format!("record:street/{id}/note"),
        format!("record:shop/{id}/photo"),
        format!("dossier:{id}"),
        format!("record-upload:street:official:{id}"),
    ] {
        hold(&other).await;
        stranger
            .get(&format!("{public}/tep/{file}"))
            .await
            .is(StatusCode::NOT_FOUND);
        stranger.get(&public).await.is(StatusCode::OK).hides("cầu.png");
        dung.get(&record).await.is(StatusCode::OK).hides("cầu.png");
    }
    hold(&own).await;
    stranger.get(&public).await.shows("cầu.png");
    // Left out in a correction, it stays with what was known before.
    let form = dung.get(&format!("{record}/dinh-chinh")).await;
    let correct = format!("{record}/dinh-chinh/tep");
    let fields = [
        ("v.code", "D1".to_owned()),
        ("v.name", "Lê Lợi".to_owned()),
        ("v.photo", file.clone()),
        ("bo", file.clone()),
        ("reason", "Nhầm ảnh".to_owned()),
        ("once", form.hidden("once")),
        ("version", form.hidden("version")),
        ("ky", form.hidden("ky")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    dung.multipart(&format!("{record}/dinh-chinh"), &correct, "tep.photo", &[], &fields)
        .await
        .location();
    stranger
        .get(&format!("{public}/tep/{file}"))
        .await
        .is(StatusCode::NOT_FOUND);
}

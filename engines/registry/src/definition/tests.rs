use schema::Problems;

use super::*;

pub(crate) const SHOP: &str = r#"
format: 1
record: shop
vi: Cửa hàng
en: Shops
about: { vi: Các cửa hàng của xã., en: The shops of the commune. }
sources: [shared.21]
owner: SCT
enters: [district]
place: ward
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: name
key: [code]
list: [code, name, ward, state, capital]
duplicates:
  - { same: [owner_number], alike: [name] }
fresh: { days: 365, by: checked_on }
fields:
  - { field: code, vi: Mã, en: Code, type: text, pattern: CH-9999, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: public, search: true }
  - field: state
    vi: Trạng thái
    en: State
    type: choice
    required: true
    class: public
    search: true
    options:
      - { code: open, vi: Đang bán, en: Open }
      - { code: closed, vi: Đã đóng cửa, en: Closed }
      - { code: paused, vi: Tạm nghỉ, en: Paused, to: 2020-12-31 }
  - { field: owner_name, vi: Chủ cửa hàng, en: Keeper, type: name, class: personal }
  - { field: owner_number, vi: Số định danh của chủ, en: Personal number, type: person, class: personal }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal, search: true }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: internal, search: true }
  - { field: area_m2, vi: Diện tích, en: Floor, type: number, decimals: 1, min: 0, unit: m2, class: public }
  - { field: checked_on, vi: Ngày kiểm tra, en: Checked on, type: date, past: true, class: internal }
  - { field: started_on, vi: Ngày mở, en: Opened on, type: date, class: public, search: true }
  - { field: ended_on, vi: Ngày đóng, en: Closed on, type: date, class: public, required: state = "closed" }
  - { field: lease, vi: Thời hạn thuê, en: Lease, type: period, class: internal }
  - { field: at, vi: Vị trí, en: Position, type: point, class: public }
  - { field: goods, vi: Mặt hàng, en: Goods, type: choices, class: public, options: [{ code: food, vi: Thực phẩm, en: Food }, { code: tools, vi: Dụng cụ, en: Tools }] }
  - field: staff
    vi: Người bán
    en: Staff
    type: rows
    class: internal
    columns:
      - { field: role, vi: Việc, en: Role, type: text, required: true }
      - { field: count, vi: Số người, en: Count, type: number, min: 1 }
  - { field: large, vi: Lớn, en: Large, type: computed, gives: yes_no, value: capital > 1000000000, class: internal }
rules:
  - { rule: ends_after_start, that: ended_on = null or ended_on >= started_on, field: ended_on, vi: Ngày đóng trước ngày mở., en: Closed before it opened. }
  - { rule: known_floor, that: area_m2 != null, field: area_m2, level: warn, vi: Chưa có diện tích., en: No floor area. }
shared:
  - { with: [CT], fields: [code, name, ward], vi: Quản lý thuế, en: Taxes, basis: 38/2019/QH14 }
"#;

pub(crate) fn shop() -> RecordDefinition {
    read(SHOP).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Another register, called `thing`.
pub(crate) fn thing(text: &str) -> RecordDefinition {
    let mut problems = Problems::new();
    let read = RecordDefinition::read("registry/thing.record.yaml", text, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    read.unwrap()
}

fn read(text: &str) -> Result<RecordDefinition, Problems> {
    let mut problems = Problems::new();
    let read = RecordDefinition::read("registry/shop.record.yaml", text, &mut problems);
    read.filter(|_| problems.is_empty()).ok_or(problems)
}

#[test]
fn it_reads_back_what_it_stores() {
    let shop = shop();
    let stored = serde_json::to_value(&shop).unwrap();
    assert_eq!(serde_json::from_value::<RecordDefinition>(stored).unwrap(), shop);
    let mut other = shop.clone();
    other.words.en = "Stalls".to_owned();
    assert_ne!(other.digest(), shop.digest());
    let sealed: Vec<_> = shop.sealed().map(|field| field.field.as_str()).collect();
    assert_eq!(sealed, ["owner_number", "phone"], "a name is sorted by");
    let tagged: Vec<_> = shop.tagged().map(|field| field.field.as_str()).collect();
    assert_eq!(tagged, ["owner_number", "phone"]);
    let schema = json_schema(&shop);
    assert_eq!(schema["properties"]["state"]["oneOf"][1]["const"], "closed");
    assert_eq!(schema["properties"]["large"]["readOnly"], true);
    assert_eq!(schema["required"], serde_json::json!(["code", "name", "ward", "state"]));
}

/// Each change of the text breaks one thing, which is told with its line.
#[test]
fn what_is_wrong_is_told() {
    for (from, to, code) in [
        ("record: shop", "record: Shop", "schema.bad_key"),
        ("record: shop", "record: my-shop", "registry.key"),
        ("record: shop", "record: my__shop", "registry.key"),
        ("owner: SCT\n", "", "schema.missing_key"),
        ("sharing: [default]", "sharing: [some]", "schema.unknown_choice"),
        ("sharing: [default]", "sharing: []", "registry.sharing"),
        ("update: entry", "update: exchange", "registry.upstream"),
        ("readers: officials", "readers: everybody", "registry.readers"),
        (
            "retention: { years: 10 }",
            "retention: { years: 0 }",
            "registry.retention",
        ),
        ("title: name", "title: nothing", "registry.no_field"),
        ("title: name", "title: phone", "registry.title"),
        ("key: [code]", "key: [capital]", "registry.key_field"),
        ("key: [code]", "key: []", "registry.no_key"),
        ("list: [code, name", "list: [phone, name", "registry.list"),
        ("place: ward", "place: name", "registry.place"),
        ("by: checked_on", "by: name", "registry.fresh"),
        ("alike: [name]", "alike: [phone]", "registry.alike"),
        ("field: code, vi", "field: valid_from, vi", "registry.reserved"),
        ("field: code, vi", "field: for, vi", "registry.field_key"),
        (
            "type: person, class: personal",
            "type: person, class: internal",
            "registry.person_class",
        ),
        (
            "type: point, class: public",
            "type: point, class: public, search: true",
            "registry.search",
        ),
        (
            "type: text, required: true, class: public, search: true }\n  - { field: ward",
            "type: address, class: public }\n  - { field: ward",
            "registry.address",
        ),
        (
            "value: capital > 1000000000",
            "value: capital + 1",
            "registry.expression",
        ),
        (
            "value: capital > 1000000000",
            "value: missing > 1",
            "registry.expression",
        ),
        (
            "value: capital > 1000000000",
            "value: string length(phone) > 1",
            "registry.computed_class",
        ),
        (
            "required: state = \"closed\"",
            "required: state = 5 + 1",
            "registry.expression",
        ),
        ("code: closed, vi", "code: open, vi", "registry.options"),
        ("field: count, vi", "field: role, vi", "registry.columns"),
        ("rule: known_floor", "rule: ends_after_start", "registry.duplicate_rule"),
        ("pattern: CH-9999", "pattern: CH-9999\\", "schema.pattern"),
        ("unit: m2", "unite: m2", "schema.unknown_key"),
    ] {
        assert!(SHOP.contains(from), "{from}");
        let text = SHOP.replacen(from, to, 1);
        let problems = read(&text).expect_err(to);
        assert!(problems.codes().contains(&code), "{to}: {problems}");
        assert!(problems.to_string().contains("shop.record.yaml:"), "{problems}");
    }
}

/// What would meet a name that the database uses itself is refused when it is declared, not when it is made.
#[test]
fn names_of_the_database_are_no_names_here() {
    for name in ["xmin", "ctid", "tableoid", "cmin", "cmax", "xmax", "valid_from"] {
        let text = SHOP.replacen("field: area_m2", &format!("field: {name}"), 1);
        let problems = read(&text.replace("area_m2", name)).expect_err(name);
        assert!(problems.codes().contains(&"registry.reserved"), "{name}: {problems}");
    }
    for name in ["shop_pkey", "i_0123456789abcdef01234567"] {
        let text = SHOP.replacen("record: shop", &format!("record: {name}"), 1);
        let problems = read(&text).expect_err(name);
        assert!(problems.codes().contains(&"registry.reserved"), "{name}: {problems}");
    }
    for name in ["pkey_shop", "i_0123456789abcdef0123456", "i_want", "pkeys"] {
        let text = SHOP.replacen("record: shop", &format!("record: {name}"), 1);
        assert!(read(&text).is_ok(), "{name}");
    }
}

/// All problems of a file come at once.
#[test]
fn every_problem_at_once() {
    let text = SHOP
        .replacen("owner: SCT\n", "", 1)
        .replacen("title: name", "title: nothing", 1)
        .replacen("unit: m2", "unite: m2", 1)
        .replacen("readers: officials", "readers: all", 1);
    let problems = read(&text).unwrap_err();
    assert!(problems.len() >= 3, "{problems}");
}

/// Every record of the grammar's own example is read.
#[test]
fn the_example_of_the_readme_is_sound() {
    let readme = include_str!("../../README.md");
    let yaml = readme
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    // The example shows the beginning of a register: the fields that it names besides are added here.
    let more = "  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: public, search: true }
  - { field: state, vi: Trạng thái, en: State, type: choice, class: public, options: [{ code: open, vi: Mở, en: Open }] }
  - { field: tax_number, vi: Mã số thuế, en: Tax number, type: tax_number, class: public }
  - { field: birth_date, vi: Ngày sinh, en: Birth date, type: date, class: personal }
  - { field: started_on, vi: Ngày bắt đầu, en: Start, type: date, class: public }
  - { field: ended_on, vi: Ngày chấm dứt, en: End, type: date, class: public }
  - { field: checked_on, vi: Ngày kiểm tra, en: Checked, type: date, class: internal }
rules:
";
    let text = yaml.replacen("rules:\n", more, 1);
    read(&text).unwrap_or_else(|problems| panic!("{problems}"));
}

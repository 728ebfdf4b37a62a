//! The quality of registers, duplicates and merging, walked through on a real database.

use std::collections::BTreeMap;
use std::ops::Deref;

use axum::http::StatusCode;
use identity::AgencyLevel;
use kernel::{Actor, AgencyId};
use registry::definition::RecordDefinition;
use schema::Problems;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::town::{Reply, Town, agency, between};

/// Firms: with rules, an age and a way to find duplicates.
const FIRM: &str = r#"
format: 1
record: firm
vi: Cơ sở xay xát
en: Mills
about: { vi: Các cơ sở xay xát., en: Mills. }
owner: SCT
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: name
key: [code]
list: [code, name, ward]
duplicates:
  - { same: [ward], alike: [name] }
fresh: { days: 365, by: checked_on }
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: ward, vi: Phường, en: Ward, type: area, required: true, class: public, search: true }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: internal, search: true }
  - { field: checked_on, vi: Ngày kiểm tra, en: Checked on, type: date, class: internal }
  - { field: keeper, vi: Số định danh của chủ, en: Personal number, type: person, class: personal }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal }
rules:
  - { rule: known_capital, that: capital != null, field: capital, level: warn, vi: Chưa có vốn., en: No capital. }
"#;

/// Licences that refer to firms, of another agency.
const LICENCE: &str = r#"
format: 1
record: licence
vi: Giấy phép xay xát
en: Milling licences
about: { vi: Giấy phép., en: Licences. }
owner: SXD
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: number
key: [number]
list: [number, firm]
fields:
  - { field: number, vi: Số, en: Number, type: text, required: true, class: public, search: true }
  - { field: firm, vi: Cơ sở, en: Firm, type: link, to: firm, class: public, search: true }
"#;

const BASE: &str = "/can-bo/co-so-du-lieu/firm";

struct World {
    town: Town,
    first: Uuid,
    second: Uuid,
}

impl Deref for World {
    type Target = Town;

    fn deref(&self) -> &Town {
        &self.town
    }
}

impl World {
    /// Firms of which two are one, and one has no capital and was not looked at for long.
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
        let (sct, sxd) = (ids[0], ids[1]);
        let mut world = Self {
            town,
            first: Uuid::nil(),
            second: Uuid::nil(),
        };
        world.publish(FIRM, sct, sxd).await;
        world.publish(LICENCE, sct, sxd).await;
        world.official_of(sct, "Trần Văn An", "an.tran", &["specialist"]).await;
        world.official_of(sxd, "Võ Văn Dũng", "dung.vo", &["specialist"]).await;
        let firm = |code: &str, name: &str| json!({ "code": code, "name": name, "ward": "31340", "capital": 100_000_000, "checked_on": "2026-02-01" });
        let mut one = firm("F1", "Xay xát Nguyễn Thị Hồng Đào");
        one["keeper"] = "093090000001".into();
        world.first = world.add("firm", one).await;
        let mut other = firm("F2", "Xay xát Nguyễn Thị Đào");
        other["capital"] = 200_000_000.into();
        other["phone"] = "0912345678".into();
        world.second = world.add("firm", other).await;
        let old = json!({ "code": "F3", "name": "Lò gạch Tư Đen", "ward": "31340", "checked_on": "2020-01-01" });
        world.add("firm", old).await;
        world
            .add("licence", json!({ "number": "GP-1", "firm": world.second.to_string() }))
            .await;
        world
    }

    async fn publish(&self, yaml: &str, sct: AgencyId, sxd: AgencyId) {
        let mut problems = Problems::new();
        let definition = RecordDefinition::read("x.record.yaml", yaml, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        let agencies = BTreeMap::from([("SCT".to_owned(), sct), ("SXD".to_owned(), sxd)]);
        let mut op = self.ops.open(Actor::System("apps")).await.unwrap();
        let registry = &self.engines.registry;
        registry
            .publish(&mut op, "household-business", &definition.unwrap(), &agencies)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }

    async fn add(&self, register: &str, values: Value) -> Uuid {
        let mut op = self.ops.open(Actor::System("apps")).await.unwrap();
        let given = values.as_object().cloned().unwrap();
        let written = self.engines.registry.add(&mut op, register, given, None).await.unwrap();
        op.commit().await.unwrap();
        written.id
    }

    /// Lets the workers do what waits for registers.
    async fn work(&self) {
        let mut jobs = op::Jobs::new();
        registry::jobs::register(&mut jobs, &self.engines.registry);
        op::drain(&self.ops, &jobs).await.unwrap();
    }

    async fn measured() -> Self {
        let world = Self::new().await;
        let an = world.sign_in("an.tran").await;
        let page = an.get(&format!("{BASE}/chat-luong")).await;
        page.is(StatusCode::OK).shows("Chưa đo lần nào.").shows("Đo ngay");
        let asked = an.send(&page, &format!("{BASE}/chat-luong"), &[]).await;
        assert_eq!(asked.location(), format!("{BASE}/chat-luong?da=register_measure_asked"));
        an.get(asked.location()).await.shows("Đã ghi yêu cầu đo.");
        world.work().await;
        world
    }

    async fn owner_of(&self, register: &str) -> AgencyId {
        let mut op = self.ops.open(Actor::System("apps")).await.unwrap();
        let registry = &self.engines.registry;
        registry.register(&mut op, register).await.unwrap().owner
    }

    fn pair(&self) -> String {
        format!("{BASE}/trung-lap/{}/{}", self.first, self.second)
    }
}

/// shows: R264, R266, R280, R281
#[tokio::test]
async fn the_figures_say_what_they_mean_and_lead_to_the_records() {
    let world = World::measured().await;
    let an = world.sign_in("an.tran").await;
    let page = an.get(&format!("{BASE}/chat-luong")).await;
    page.is(StatusCode::OK)
        .shows("Sở Công Thương")
        .shows("3 bản ghi có hiệu lực trong ngày")
        .shows("<dt>Đúng</dt><dd>66,6%</dd>")
        .shows("<dt>Đủ</dt><dd>100%</dd>")
        .shows("<dt>Sạch</dt><dd>33,3%</dd>")
        .shows("<dt>Sống</dt><dd>66,6%</dd>")
        .shows("2 trên 3 bản ghi còn mới: không quá 365 ngày kể từ Ngày kiểm tra.")
        .shows("Chưa có vốn.")
        .shows("Quá lâu chưa xem lại")
        .shows("100.000.000 đ")
        .shows("được bảo vệ")
        .shows("Xem các cặp có thể trùng")
        .hides("093090000001")
        .hides("0912345678");
    let reason = between(&page.text, "<a href=\"/can-bo/co-so-du-lieu/firm/chua-dat?", "\"").replace("&amp;", "&");
    let failing = an.get(&format!("{BASE}/chua-dat?{reason}")).await;
    failing.is(StatusCode::OK).shows("Lò gạch Tư Đen");
    let record = between(&failing.text, "<a href=\"/can-bo/co-so-du-lieu/firm/01", "\"");
    an.get(&format!("{BASE}/01{record}"))
        .await
        .is(StatusCode::OK)
        .shows("Lò gạch Tư Đen");
    an.get(&format!("{BASE}/chua-dat?loai=wrong"))
        .await
        .shows("Không có bản ghi nào như vậy.");
    for nasty in [
        "loai=x",
        "loai=%27%22",
        "truong=%00",
        "quy-tac=a%27b",
        "sau=zz",
        "sau=5b5d",
    ] {
        let reply = an.get(&format!("{BASE}/chua-dat?{nasty}")).await;
        assert!(
            reply.status.is_success() || reply.status.is_client_error(),
            "{nasty}: {}",
            reply.status
        );
    }
    // The overview names every register that was measured, the worst first, with all that was counted.
    let overview = an.get("/can-bo/chat-luong-du-lieu").await;
    overview
        .is(StatusCode::OK)
        .shows("href=\"/can-bo/co-so-du-lieu/firm/chat-luong\"")
        .shows("7 trường, 3 bản ghi");
    an.get("/can-bo/chat-luong-du-lieu?cua=toi")
        .await
        .shows("Cơ sở xay xát");
    let dung = world.sign_in("dung.vo").await;
    dung.get("/can-bo/chat-luong-du-lieu?cua=toi")
        .await
        .hides("Cơ sở xay xát");
    // Others read it, and have nothing to press.
    let read = dung.get(&format!("{BASE}/chat-luong")).await;
    read.is(StatusCode::OK).hides("Đo lại ngay");
    dung.send(&read_token(&dung).await, &format!("{BASE}/chat-luong"), &[])
        .await
        .is(StatusCode::FORBIDDEN);
    let english = world.sign_in("an.tran").await.in_english();
    english
        .get(&format!("{BASE}/chat-luong"))
        .await
        .shows("<dt>Correct</dt><dd>66.6%</dd>")
        .shows("No capital.");
    world
        .stranger()
        .await
        .get("/can-bo/chat-luong-du-lieu")
        .await
        .is(StatusCode::SEE_OTHER);
}

/// A page with a form token for whoever has nothing to press.
async fn read_token(browser: &crate::town::Browser<'_>) -> Reply {
    browser.get("/can-bo").await
}

/// shows: R264
#[tokio::test]
async fn two_records_are_compared_merged_and_taken_back() {
    let world = World::measured().await;
    let an = world.sign_in("an.tran").await;
    let list = an.get(&format!("{BASE}/trung-lap")).await;
    list.is(StatusCode::OK)
        .shows("Xay xát Nguyễn Thị Hồng Đào và Xay xát Nguyễn Thị Đào")
        .shows("Phường giống hệt")
        .shows(&format!("href=\"{}\"", world.pair()));
    let page = an.get(&world.pair()).await;
    page.is(StatusCode::OK)
        .shows("100.000.000 đ")
        .shows("200.000.000 đ")
        .shows("Số bản ghi khác dẫn chiếu đến: 1.")
        .shows("chưa mở")
        .hides("093090000001");
    // Opened for a purpose, which is written down.
    let opened = an
        .send(&page, &format!("{}/mo", world.pair()), &[("muc_dich", " ")])
        .await;
    opened
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-muc_dich\"");
    let opened = an
        .send(
            &page,
            &format!("{}/mo", world.pair()),
            &[("muc_dich", "Xử lý bản ghi trùng")],
        )
        .await;
    opened
        .is(StatusCode::OK)
        .shows("093090000001")
        .shows("Xử lý bản ghi trùng");
    // A merge says why.
    let (one, two) = (page.hidden("ban_mot"), page.hidden("ban_hai"));
    let fields = [
        ("ban_mot", one.as_str()),
        ("ban_hai", two.as_str()),
        ("giu", "one"),
        ("lay.code", "one"),
        ("lay.name", "one"),
        ("lay.capital", "other"),
        ("lay.keeper", "one"),
        ("lay.phone", "other"),
    ];
    let merge = format!("{}/gop", world.pair());
    let no_reason = an.send(&page, &merge, &fields).await;
    no_reason
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Lý do: Hãy điền ô này.")
        .shows("href=\"#f-ly_do\"");
    let with_reason = [&fields[..], &[("ly_do", "Nhập hai lần")]].concat();
    let done = an.send(&page, &merge, &with_reason).await;
    assert_eq!(done.location(), format!("{BASE}/{}?da=register_merged", world.first));
    let record = an.get(done.location()).await;
    record.shows("200.000.000 đ").shows("Nhập hai lần");
    // Pressed twice: told, nothing done twice.
    let again = an.send(&page, &merge, &with_reason).await;
    assert!(again.status.is_client_error(), "{}", again.status);
    // The old address leads to the one that remains, and so does the licence.
    let old = an.get(&format!("{BASE}/{}", world.second)).await;
    assert_eq!(old.location(), format!("{BASE}/{}", world.first));
    an.get("/can-bo/co-so-du-lieu/licence")
        .await
        .shows("Xay xát Nguyễn Thị Hồng Đào")
        .shows(&format!("{BASE}/{}", world.first));
    an.get(&format!("{BASE}/trung-lap"))
        .await
        .shows("Không tìm thấy cặp nào");
    let merged = an.get(&format!("{BASE}/da-gop")).await;
    merged
        .is(StatusCode::OK)
        .shows("Xay xát Nguyễn Thị Đào")
        .shows("Nhập hai lần");
    let path = format!("{BASE}/da-gop/{}", world.second);
    let past = an.get(&path).await;
    past.is(StatusCode::OK)
        .shows("F2")
        .shows("Hoàn lại")
        .hides("0912345678");
    let no_reason = an.send(&past, &format!("{path}/hoan-lai"), &[]).await;
    no_reason.is(StatusCode::UNPROCESSABLE_ENTITY).shows("Hãy điền ô này.");
    let undone = an
        .send(&past, &format!("{path}/hoan-lai"), &[("ly_do", "Hai cơ sở khác nhau")])
        .await;
    assert_eq!(
        undone.location(),
        format!("{BASE}/{}?da=register_merge_undone", world.second)
    );
    an.get(undone.location()).await.shows("Xay xát Nguyễn Thị Đào");
    an.get(&format!("{BASE}/trung-lap?xem=khac-nhau"))
        .await
        .shows("Hai cơ sở khác nhau");
    an.get(&format!("{BASE}/da-gop"))
        .await
        .shows("Chưa có bản ghi nào được gộp.");
}

#[tokio::test]
async fn a_pair_that_is_none_is_remembered_and_looked_at_again() {
    let world = World::measured().await;
    let an = world.sign_in("an.tran").await;
    let page = an.get(&world.pair()).await;
    let apart = format!("{}/khac-nhau", world.pair());
    an.send(&page, &apart, &[("ghi_chu", "")])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-ghi_chu\"");
    let done = an.send(&page, &apart, &[("ghi_chu", "Hai chi nhánh")]).await;
    assert_eq!(done.location(), format!("{BASE}/trung-lap?da=register_told_apart"));
    an.get(done.location()).await.shows("Không tìm thấy cặp nào");
    let page = an.get(&world.pair()).await;
    page.shows("Hai chi nhánh").hides("Gộp hai bản ghi");
    let back = an.send(&page, &format!("{}/xet-lai", world.pair()), &[]).await;
    assert_eq!(back.location(), format!("{BASE}/trung-lap?da=register_apart_back"));
    an.get(&world.pair()).await.shows("Gộp hai bản ghi");
    // Whoever does not answer for the register compares, and decides nothing.
    let dung = world.sign_in("dung.vo").await;
    let read = dung.get(&world.pair()).await;
    read.is(StatusCode::OK)
        .hides("Gộp hai bản ghi")
        .hides("Không phải trùng</h2>");
    let token = dung.get("/can-bo").await;
    for (path, fields) in [
        (format!("{}/gop", world.pair()), vec![("ly_do", "x"), ("giu", "one")]),
        (apart, vec![("ghi_chu", "x")]),
    ] {
        dung.send(&token, &path, &fields).await.is(StatusCode::FORBIDDEN);
    }
    let nobody = format!("{BASE}/trung-lap/{}/{}", world.first, Uuid::now_v7());
    an.get(&nobody).await.is(StatusCode::NOT_FOUND);
    an.get(&format!("{BASE}/trung-lap/x/y")).await.is(StatusCode::NOT_FOUND);
}

/// What is typed for a new mill, which is much like the first one.
const LIKE_THE_FIRST: [(&str, &str); 4] = [
    ("v.code", "F9"),
    ("v.name", "Xay xát Nguyễn Hồng Đào"),
    ("v.ward.ward", "31340"),
    ("valid_from", "01/02/2026"),
];

/// shows: R264
#[tokio::test]
async fn whoever_enters_what_may_be_here_already_is_asked_first() {
    let world = World::new().await;
    let an = world.sign_in("an.tran").await;
    let new = format!("{BASE}/moi");
    let form = an.get(&new).await;
    let (once, version) = (form.hidden("once"), form.hidden("version"));
    let mut fields = vec![("once", once.as_str()), ("version", version.as_str())];
    fields.extend(LIKE_THE_FIRST);
    let asked = an.send(&form, &new, &fields).await;
    asked
        .is(StatusCode::CONFLICT)
        .shows("Có thể đã có bản ghi này")
        .shows("Xay xát Nguyễn Thị Hồng Đào")
        .shows(&format!("href=\"{BASE}/{}\"", world.first))
        .shows("Phường giống hệt")
        .shows("value=\"Xay xát Nguyễn Hồng Đào\"")
        .shows("Là bản ghi khác, vẫn lưu");
    an.get(BASE).await.hides("Xay xát Nguyễn Hồng Đào");
    // Pressing Enter once more is no answer, and another mill that comes up later is asked about by itself.
    an.send(&asked, &new, &fields).await.is(StatusCode::CONFLICT);
    let checked = an
        .send(&asked, &new, &[&fields[..], &[("kiem_tra", "1")]].concat())
        .await;
    checked.is(StatusCode::OK).shows("Có thể đã có bản ghi này");
    let another = between(&asked.text, "name=\"khac\" value=\"", "\"");
    let with = |khac| [&fields[..], &[("khac", khac)]].concat();
    an.send(&asked, &new, &with("x,")).await.is(StatusCode::CONFLICT);
    let saved = an.send(&asked, &new, &with(another.as_str())).await;
    assert!(saved.location().ends_with("?da=register_added"), "{}", saved.location());
    let twice = an.send(&asked, &new, &with(another.as_str())).await;
    assert_eq!(twice.location(), saved.location());
    // What is like nothing is saved at once.
    let form = an.get(&new).await;
    let once = form.hidden("once");
    let other = [
        ("once", once.as_str()),
        ("v.code", "F10"),
        ("v.name", "Gốm Sáu Hên"),
        ("v.ward.ward", "31340"),
        ("valid_from", ""),
    ];
    let saved = an.send(&form, &new, &other).await;
    assert!(saved.location().ends_with("?da=register_added"), "{}", saved.location());
}

/// shows: R254, R264
#[tokio::test]
async fn where_somebody_approves_pairs_are_shown_without_a_button_to_merge() {
    let world = World::measured().await;
    let an = world.sign_in("an.tran").await;
    let token = an.get(&world.pair()).await;
    let (sct, sxd) = (world.owner_of("firm").await, world.owner_of("licence").await);
    world
        .publish(
            &FIRM.replace("readers: officials", "readers: officials\napproval: true"),
            sct,
            sxd,
        )
        .await;
    let page = an.get(&world.pair()).await;
    page.is(StatusCode::OK)
        .shows("không gộp hay hoàn lại trực tiếp được")
        .shows("Không phải trùng")
        .hides("/gop\"");
    let refused = an
        .send(
            &token,
            &format!("{}/gop", world.pair()),
            &[("ly_do", "x"), ("giu", "one")],
        )
        .await;
    refused.is(StatusCode::CONFLICT);
    let new = format!("{BASE}/moi");
    let form = an.get(&new).await;
    let once = form.hidden("once");
    let fields = [&[("once", once.as_str()), ("reason", "Đơn số 9")], &LIKE_THE_FIRST[..]].concat();
    let asked = an.send(&form, &new, &fields).await;
    asked.is(StatusCode::CONFLICT).shows("Là bản ghi khác, vẫn gửi");
    let another = between(&asked.text, "name=\"khac\" value=\"", "\"");
    let sent = an
        .send(&asked, &new, &[&fields[..], &[("khac", another.as_str())]].concat())
        .await;
    an.get(sent.location()).await.shows("Đã gửi đề nghị");
}

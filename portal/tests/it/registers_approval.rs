//! Where the owner approves what is entered: the clerk's way and the leader's, page by page; and many records at once.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use identity::AgencyLevel;
use kernel::Actor;
use registry::definition::RecordDefinition;
use schema::Problems;
use serde_json::{Value, json};

use crate::town::{Browser, Reply, Town, agency, between};

const STALL: &str = r#"
format: 1
record: stall
vi: Sạp chợ
en: Stalls
about: { vi: Các sạp của chợ phường., en: The stalls of the ward's market. }
owner: UBND
sharing: [default]
update: entry
readers: officials
approval: true
retention: { years: 5 }
title: name
key: [code]
list: [code, name, state]
fields:
  - { field: code, vi: Số sạp, en: Number, type: text, pattern: S-999, required: true, class: public, search: true }
  - { field: name, vi: Tên sạp, en: Name, type: text, required: true, class: public, search: true }
  - field: state
    vi: Tình trạng
    en: State
    type: choice
    class: public
    search: true
    options: [{ code: open, vi: Đang bán, en: Open }, { code: closed, vi: Đã nghỉ, en: Closed }]
  - { field: rent, vi: Tiền thuê, en: Rent, type: money, class: internal, search: true }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal }
  - { field: paper, vi: Giấy tờ, en: Paper, type: file, class: internal }
"#;

const DESK: &str = "/can-bo/co-so-du-lieu/stall";
const BOX: &str = "/can-bo/de-nghi-cap-nhat";

async fn town() -> Town {
    let town = Town::new().await;
    publish(&town, STALL).await;
    town.official("Lê Văn Tám", "le.tam", &["specialist"]).await;
    town.official("Võ Thị Chín", "vo.chin", &["leader"]).await;
    town.official("Trần Thị Mười", "tran.muoi", &["leader", "specialist"])
        .await;
    town
}

async fn publish(town: &Town, yaml: &str) {
    let mut problems = Problems::new();
    let definition = RecordDefinition::read("registry/stall.record.yaml", yaml, &mut problems);
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

async fn add(town: &Town, values: Value) -> uuid::Uuid {
    let mut op = town.ops.open(Actor::System("apps")).await.unwrap();
    let given = values.as_object().cloned().unwrap();
    let written = town.engines.registry.add(&mut op, "stall", given, None).await.unwrap();
    op.commit().await.unwrap();
    written.id
}

/// Fills in the form of a new stall and sends it; the page of the proposal.
async fn propose(browser: &Browser<'_>, more: &[(&str, &str)]) -> Reply {
    let form = browser.get(&format!("{DESK}/moi")).await;
    form.is(StatusCode::OK).shows("cần duyệt").shows("Gửi đề nghị");
    let (once, version) = (form.hidden("once"), form.hidden("version"));
    let mut fields = vec![
        ("once", once.as_str()),
        ("version", version.as_str()),
        ("v.code", "S-001"),
        ("v.name", "Rau củ Năm Lành"),
        ("valid_from", ""),
        ("reason", "Đơn số 7"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(own, _)| own != name));
    fields.extend_from_slice(more);
    let sent = browser.send(&form, &format!("{DESK}/moi"), &fields).await;
    let page = browser.get(sent.location()).await;
    page.is(StatusCode::OK).shows("Đã gửi đề nghị");
    // The same press once more leads to the same proposal.
    let again = browser.send(&form, &format!("{DESK}/moi"), &fields).await;
    assert_eq!(again.location(), sent.location());
    page
}

fn id_of(page: &Reply) -> String {
    between(&page.text, &format!("action=\"{BOX}/"), "/")
}

/// shows: R254
#[tokio::test]
async fn what_a_clerk_enters_the_leader_approves() {
    let town = town().await;
    let (clerk, leader) = (town.sign_in("le.tam").await, town.sign_in("vo.chin").await);
    let page = propose(&clerk, &[("v.phone", "0912345678"), ("v.rent", "1.500.000")]).await;
    page.shows("Thêm bản ghi: Rau củ Năm Lành")
        .shows("Chờ duyệt")
        .shows("Đơn số 7")
        .shows("1.500.000")
        .shows("Rút đề nghị")
        .hides("Duyệt và ghi");
    clerk.get(DESK).await.hides("Rau củ Năm Lành");
    let id = id_of(&page);
    let list = leader.get(BOX).await;
    list.shows("Chờ duyệt (1)").shows("Rau củ Năm Lành").shows("Lê Văn Tám");
    leader.get(DESK).await.shows("Có 1 đề nghị cập nhật chờ duyệt");
    let shown = leader.get(&format!("{BOX}/{id}")).await;
    shown
        .shows("0912345678")
        .shows("Duyệt và ghi")
        .shows("Trả lại để làm lại")
        .hides("Rút đề nghị");
    let done = leader.send(&shown, &format!("{BOX}/{id}/duyet"), &[]).await;
    leader
        .get(done.location())
        .await
        .shows("Đã duyệt")
        .shows("Võ Thị Chín")
        .shows("Mở bản ghi");
    clerk.get(DESK).await.shows("Rau củ Năm Lành");
    // Pressed twice: the page says what became of it.
    let twice = leader.send(&shown, &format!("{BOX}/{id}/duyet"), &[]).await;
    twice
        .is(StatusCode::CONFLICT)
        .shows("không còn chờ duyệt")
        .shows("Đã duyệt");
    leader
        .in_english()
        .get(&format!("{BOX}?hop=decided"))
        .await
        .shows("New record")
        .shows("Approved");
}

#[tokio::test]
async fn a_refusal_says_why_and_what_is_handed_back_is_made_anew() {
    let town = town().await;
    let record = add(&town, json!({ "code": "S-009", "name": "Cá Bảy", "state": "open" })).await;
    let (clerk, leader) = (town.sign_in("le.tam").await, town.sign_in("vo.chin").await);
    let path = format!("{DESK}/{record}/cap-nhat");
    let change = async |name: &str, state: &str| {
        let form = clerk.get(&path).await;
        let (once, version) = (form.hidden("once"), form.hidden("version"));
        let fields = [
            ("once", once.as_str()),
            ("version", version.as_str()),
            ("v.code", "S-009"),
            ("v.name", name),
            ("v.state", state),
            ("valid_from", ""),
        ];
        let sent = clerk.send(&form, &path, &fields).await;
        id_of(&clerk.get(sent.location()).await)
    };
    let slow = change("Cá Bảy Mới", "open").await;
    let fast = change("Cá Bảy", "closed").await;
    let shown = leader.get(&format!("{BOX}/{fast}")).await;
    shown.shows("Đang bán").shows("Đã nghỉ");
    leader
        .send(&shown, &format!("{BOX}/{fast}/duyet"), &[])
        .await
        .location();
    // The slow one would overwrite it: it is shown with what is there now, and cannot be approved.
    let outdated = leader.get(&format!("{BOX}/{slow}")).await;
    outdated
        .shows("Bản ghi đã thay đổi sau khi có đề nghị này")
        .shows("Hiện tại")
        .hides("Duyệt và ghi");
    let forced = leader.send(&outdated, &format!("{BOX}/{slow}/duyet"), &[]).await;
    forced.is(StatusCode::CONFLICT).shows("Có người vừa cập nhật");
    let silent = leader
        .send(&outdated, &format!("{BOX}/{slow}/tu-choi"), &[("note", " ")])
        .await;
    silent
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Hãy điền ô này")
        .shows("<a href=\"#f-note\">Hãy ghi vì sao không duyệt.");
    let note = [("note", "Sạp vừa nghỉ, xem lại tên"), ("anew", "true")];
    leader
        .send(&outdated, &format!("{BOX}/{slow}/tu-choi"), &note)
        .await
        .location();
    let returned = clerk.get(&format!("{BOX}/{slow}")).await;
    returned.shows("Sạp vừa nghỉ, xem lại tên").shows("Gửi lại đề nghị");
    let sent = clerk.send(&returned, &format!("{BOX}/{slow}/lam-lai"), &[]).await;
    let next = clerk.get(sent.location()).await;
    next.shows("Cá Bảy Mới")
        .shows("Xem đề nghị trước")
        .hides("Đã nghỉ</span>");
    let next_id = id_of(&next);
    let shown = leader.get(&format!("{BOX}/{next_id}")).await;
    leader
        .send(&shown, &format!("{BOX}/{next_id}/duyet"), &[])
        .await
        .location();
    let list = clerk.get(DESK).await;
    list.shows("Cá Bảy Mới").shows("Đã nghỉ");
    // Withdrawn by whoever proposed.
    let third = change("Cá Tám", "open").await;
    let own = clerk.get(&format!("{BOX}/{third}")).await;
    let gone = clerk.send(&own, &format!("{BOX}/{third}/rut"), &[]).await;
    clerk.get(gone.location()).await.shows("Đã rút");
    leader.get(BOX).await.shows("Không có đề nghị nào đang chờ");
}

#[tokio::test]
async fn nobody_else_decides() {
    let town = town().await;
    let mut op = town.ops.open(Actor::System("province")).await.unwrap();
    let mut new = agency("H30.03", AgencyLevel::Province, "Sở Công Thương", "93");
    new.area_code = None;
    let other = town.engines.identity.upsert_agency(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
    town.official_of(other, "Lê Thị Bình", "binh", &["leader"]).await;
    town.citizen("Nguyễn Thị Dân", "dan").await;
    let both = town.sign_in("tran.muoi").await;
    let page = propose(&both, &[]).await;
    let id = id_of(&page);
    page.shows("người khác sẽ duyệt").hides("Duyệt và ghi");
    let own = both.send(&page, &format!("{BOX}/{id}/duyet"), &[]).await;
    own.is(StatusCode::FORBIDDEN).shows("tự duyệt");
    let stranger = town.sign_in("binh").await;
    stranger.get(&format!("{BOX}/{id}")).await.is(StatusCode::NOT_FOUND);
    let list = stranger.get(BOX).await;
    list.is(StatusCode::OK).hides("Rau củ Năm Lành");
    stranger
        .send(&list, &format!("{BOX}/{id}/duyet"), &[])
        .await
        .is(StatusCode::NOT_FOUND);
    // No right to decide at all: the door is closed.
    let clerk = town.sign_in("le.tam").await;
    let list = clerk.get(BOX).await;
    list.is(StatusCode::OK).hides("Rau củ Năm Lành");
    clerk
        .send(&list, &format!("{BOX}/{id}/duyet"), &[])
        .await
        .is(StatusCode::FORBIDDEN);
    clerk.get(&format!("{BOX}/{id}")).await.is(StatusCode::NOT_FOUND);
    town.sign_in("dan").await.get(BOX).await.is(StatusCode::FORBIDDEN);
    // Without the token of the form nothing is decided.
    let leader = town.sign_in("vo.chin").await;
    let forged = leader.post_with("x", &format!("{BOX}/{id}/duyet"), &[]).await;
    assert_ne!(forged.status, StatusCode::SEE_OTHER);
    leader.get(DESK).await.hides("Rau củ Năm Lành");
}

#[tokio::test]
async fn files_wait_with_their_proposal() {
    let town = town().await;
    let (clerk, leader) = (town.sign_in("le.tam").await, town.sign_in("vo.chin").await);
    let form = clerk.get(&format!("{DESK}/moi")).await;
    let (once, version) = (form.hidden("once"), form.hidden("version"));
    let typed = [
        ("once", once.as_str()),
        ("version", version.as_str()),
        ("v.code", "S-002"),
        ("v.name", "Trái cây Sáu"),
        ("valid_from", ""),
    ];
    let sent = clerk
        .multipart(
            &format!("{DESK}/moi"),
            &format!("{DESK}/moi/tep"),
            "tep.paper",
            &[("giay.png", crate::town::PICTURE)],
            &typed,
        )
        .await;
    let page = clerk.get(sent.location()).await;
    let id = id_of(&page);
    let holder = || async {
        let holders: Vec<String> = sqlx::query_scalar("SELECT holder FROM files.file WHERE name = 'giay.png'")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
        holders
    };
    assert_eq!(holder().await, [format!("register_proposal:{id}")]);
    let shown = leader.get(&format!("{BOX}/{id}")).await;
    leader.send(&shown, &format!("{BOX}/{id}/duyet"), &[]).await.location();
    let held = holder().await;
    assert!(
        held[0].starts_with("record:stall/") && held[0].ends_with("/paper"),
        "{held:?}"
    );
}

/// Many records at once, from the list to the history of each.
#[tokio::test]
async fn many_records_are_changed_after_a_look_before() {
    let town = town().await;
    let without = STALL.replacen("approval: true\n", "", 1);
    publish(&town, &without).await;
    for (code, name, state) in [
        ("S-001", "Rau Một", "open"),
        ("S-002", "Rau Hai", "open"),
        ("S-003", "Cá Ba", "closed"),
    ] {
        add(
            &town,
            json!({ "code": code, "name": name, "state": state, "rent": 1_000_000 }),
        )
        .await;
    }
    let clerk = town.sign_in("le.tam").await;
    let list = clerk.get(&format!("{DESK}?state=open")).await;
    let path = between(&list.text, "href=\"/can-bo/co-so-du-lieu/stall/sua-nhieu", "\"");
    let page = clerk.get(&format!("{DESK}/sua-nhieu{path}")).await;
    page.is(StatusCode::OK)
        .shows("2 bản ghi")
        .shows("Đang bán")
        .shows("Tiền thuê")
        .hides("value=\"phone\"")
        .hides("value=\"code\"");
    let values = clerk.get(&format!("{DESK}/sua-nhieu?state=open&O=rent&O=state")).await;
    values
        .is(StatusCode::OK)
        .shows("name=\"v.rent\"")
        .shows("name=\"v.state\"");
    let typed = [
        ("loc.state", "open"),
        ("O", "rent"),
        ("O", "state"),
        ("v.rent", "2.000.000"),
        ("v.state", "open"),
        ("reason", "Quyết định 12/QĐ"),
    ];
    let action = format!("{DESK}/sua-nhieu");
    let shown = clerk.send(&values, &action, &typed).await;
    shown
        .is(StatusCode::OK)
        .shows("Rau Một")
        .shows("1.000.000")
        .shows("2.000.000")
        .shows("Sửa 2 bản ghi")
        .hides("Cá Ba");
    clerk.get(DESK).await.hides("2.000.000");
    let wrong = clerk
        .send(
            &values,
            &action,
            &[
                ("loc.state", "open"),
                ("O", "rent"),
                ("v.rent", "nhiều"),
                ("reason", "x"),
            ],
        )
        .await;
    wrong
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Tiền thuê")
        .hides("Sửa 2 bản ghi");
    let mark = between(&shown.text, "name=\"mark\" value=\"", "\"");
    let mut sent = typed.to_vec();
    sent.push(("mark", mark.as_str()));
    let asked = clerk.send(&shown, &action, &sent).await;
    let to = asked.location().to_owned();
    clerk.get(&to).await.shows("Đang sửa").shows("Dừng việc sửa");
    op::drain(&town.ops, &town.engines.jobs()).await.unwrap();
    let done = clerk.get(&to).await;
    done.shows("Xong")
        .shows("Quyết định 12/QĐ")
        .shows("Tiền thuê: 2.000.000");
    // The same press once more: the records are others by now, and the page shows what is there.
    let again = clerk.send(&shown, &action, &sent).await;
    again.is(StatusCode::CONFLICT).shows("đã thay đổi từ lúc xem trước");
    let record = clerk.get(&format!("{DESK}?code=S-001")).await;
    let rows = record.text.split("<tbody").nth(1).unwrap();
    let record = between(rows, "href=\"/can-bo/co-so-du-lieu/stall/", "\"");
    clerk
        .get(&format!("{DESK}/{}", record.split('?').next().unwrap()))
        .await
        .shows("Quyết định 12/QĐ");
    clerk
        .get("/can-bo/sua-nhieu-ban-ghi")
        .await
        .shows("Sạp chợ")
        .shows("2 / 2");
}

#[tokio::test]
async fn where_the_owner_approves_the_leader_lets_many_go_on() {
    let town = town().await;
    add(&town, json!({ "code": "S-001", "name": "Rau Một", "state": "open" })).await;
    let (clerk, leader) = (town.sign_in("le.tam").await, town.sign_in("vo.chin").await);
    let values = clerk.get(&format!("{DESK}/sua-nhieu?O=state")).await;
    let action = format!("{DESK}/sua-nhieu");
    let typed = [("O", "state"), ("v.state", "closed"), ("reason", "Chợ đóng cửa")];
    let shown = clerk.send(&values, &action, &typed).await;
    shown.shows("Gửi duyệt việc sửa 1 bản ghi");
    let mark = between(&shown.text, "name=\"mark\" value=\"", "\"");
    let mut sent = typed.to_vec();
    sent.push(("mark", mark.as_str()));
    let asked = clerk.send(&shown, &action, &sent).await;
    let path = asked.location().split('?').next().unwrap().to_owned();
    clerk.get(&path).await.shows("Chờ duyệt").shows("người khác sẽ duyệt");
    op::drain(&town.ops, &town.engines.jobs()).await.unwrap();
    clerk.get(DESK).await.hides("Đã nghỉ</td>");
    let page = leader.get(&path).await;
    page.shows("Chợ đóng cửa").shows("Tình trạng: Đã nghỉ");
    leader
        .send(&page, &format!("{path}/tu-choi"), &[("note", "")])
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    leader.send(&page, &format!("{path}/duyet"), &[]).await.location();
    op::drain(&town.ops, &town.engines.jobs()).await.unwrap();
    leader.get(&path).await.shows("Xong").shows("Võ Thị Chín");
}

/// How many messages of a kind somebody has, by their login.
async fn told(town: &Town, login: &str, kind: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM notify.message
         WHERE kind = $2 AND account = (SELECT id FROM identity.account WHERE login = $1)",
    )
    .bind(login)
    .bind(kind)
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap()
}

/// shows: R254
#[tokio::test]
async fn those_who_approve_are_told_once_and_those_who_asked_what_became_of_it() {
    let town = town().await;
    let (clerk, leader) = (town.sign_in("le.tam").await, town.sign_in("vo.chin").await);
    let first = id_of(&propose(&clerk, &[]).await);
    let second = id_of(&propose(&clerk, &[("v.code", "S-002"), ("v.name", "Cá khô Bảy Mặn")]).await);
    let third = id_of(&propose(&clerk, &[("v.code", "S-003"), ("v.name", "Bún riêu Tư Hồng")]).await);
    assert_eq!(told(&town, "vo.chin", "register_waits").await, 1, "one for all of them");
    assert_eq!(told(&town, "tran.muoi", "register_waits").await, 1);
    assert_eq!(told(&town, "le.tam", "register_waits").await, 0);
    for id in [&first, &second] {
        let page = leader.get(&format!("{BOX}/{id}")).await;
        let done = leader.send(&page, &format!("{BOX}/{id}/duyet"), &[]).await;
        assert!(done.location().ends_with("?da=proposal_approved"));
    }
    let page = leader.get(&format!("{BOX}/{third}")).await;
    let fields = [("note", "Sạp này đã có"), ("anew", "true")];
    let done = leader.send(&page, &format!("{BOX}/{third}/tu-choi"), &fields).await;
    assert!(done.location().ends_with("?da=proposal_returned"));
    assert_eq!(told(&town, "le.tam", "register_approved").await, 1);
    assert_eq!(told(&town, "le.tam", "register_returned").await, 1);
    let messages = clerk.get("/hop-thu").await;
    messages
        .shows("Đã được duyệt: Sạp chợ")
        .shows("Bị trả lại để làm lại: Sạp chợ")
        .shows(&format!("{BOX}/{third}"));
}

#[tokio::test]
async fn those_who_measure_are_told_that_data_has_become_worse() {
    let town = town().await;
    for _ in 0..2 {
        let mut op = town.ops.open(Actor::System("registry")).await.unwrap();
        let figures = json!([{ "figure": "live", "before": 900, "now": 700 }]);
        let facts = json!({ "register": "stall", "owner": town.office, "figures": figures });
        op.emit(op::Event::new(registry::events::QUALITY_FELL, "register:stall", facts));
        op.commit().await.unwrap();
    }
    for login in ["le.tam", "vo.chin"] {
        assert_eq!(told(&town, login, "register_quality_fell").await, 1, "{login}");
    }
}

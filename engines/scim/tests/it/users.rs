//! Accounts from the first day to the last.

use axum::http::{Method, header};
use identity::AccountState;
use op::{Keeper, audit};
use serde_json::{Value, json};

use crate::town::{ENTERPRISE, Town, USER};

#[tokio::test]
async fn an_official_comes_changes_and_leaves() {
    // shows: R037
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự tỉnh").await;
    let said = json!({
        "externalId": "NV-7", "name": { "familyName": "Le\u{302}", "middleName": "Thị", "givenName": "Sen" },
        "emails": [{ "value": "phu@example.vn" }, { "value": "sen@example.vn", "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "tel:0912 345 678", "type": "mobile" }], "password": "khong duoc nhan",
        ENTERPRISE: { "employeeNumber": "7", "department": "Tư pháp" },
    });
    let reply = personnel.user("Lê.Sen", said).await;
    assert_eq!(reply.status, 201);
    let id = reply.id();
    let place = format!("https://tinh.example/scim/v2/Users/{id}");
    assert_eq!(reply.headers[header::LOCATION], place.as_str());
    assert_eq!(reply.headers[header::ETAG], "W/\"1\"");
    assert_eq!(
        (&reply.body["active"], &reply.body["meta"]["location"]),
        (&json!(true), &json!(place))
    );
    assert_eq!(reply.body["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(reply.body.get("password"), None);
    let (account, person) = town.account(&id).await;
    assert_eq!(
        (account.login.as_str(), account.state),
        ("Lê.Sen", AccountState::Active)
    );
    assert_eq!(person.full_name, "Lê Thị Sen");
    assert_eq!(person.email.as_deref(), Some("sen@example.vn"));
    assert_eq!(person.phone.unwrap().as_str(), "0912345678");
    // Without a password nobody gets in; with one, yes.
    assert_eq!(
        town.enter("le.sen").await.unwrap_err().code,
        "identity.wrong_credentials"
    );
    town.let_in(&id).await;
    let signed = town.enter("le.sen").await.unwrap();
    let path = format!("/Users/{id}");
    let reply = personnel
        .patch(
            &path,
            json!([
                { "op": "replace", "path": "userName", "value": "sen.lt" },
                { "op": "replace", "path": "name.givenName", "value": "Sen Hồng" },
                { "op": "remove", "path": "phoneNumbers" },
                { "op": "replace", "path": "active", "value": false },
            ]),
        )
        .await;
    assert_eq!((reply.status, &reply.body["active"]), (200, &json!(false)), "{reply:?}");
    assert_eq!(reply.headers[header::ETAG], "W/\"2\"");
    let (account, person) = town.account(&id).await;
    assert_eq!(
        (account.login.as_str(), account.state),
        ("sen.lt", AccountState::Suspended)
    );
    assert_eq!((person.full_name.as_str(), person.phone), ("Lê Thị Sen Hồng", None));
    let gone = town
        .identity
        .authentication(town.console().await.conn(), signed.session, town.ops.now())
        .await;
    assert!(gone.unwrap().is_none());
    assert_eq!(
        town.enter("sen.lt").await.unwrap_err().code,
        "identity.account_suspended"
    );
    // Said anew without `active` it works again; all else that is not said is gone.
    let reply = personnel
        .ask(
            Method::PUT,
            &path,
            &[],
            json!({ "schemas": [USER], "userName": "sen.lt", "displayName": "Sen" }),
        )
        .await;
    assert_eq!(
        (&reply.body["active"], reply.body.get("emails")),
        (&json!(true), None),
        "{reply:?}"
    );
    town.enter("sen.lt").await.unwrap();
    let position = town.position("van-phong", "clerk").await;
    town.hold(account.person, position).await;
    assert_eq!(town.held(account.person).await, ["van-phong"]);
    let reply = personnel.ask(Method::DELETE, &path, &[], Value::Null).await;
    assert_eq!(reply.status, 204, "{reply:?}");
    assert_eq!(personnel.get(&path).await.error(), (404, ""));
    assert_eq!(town.account(&id).await.0.state, AccountState::Closed);
    assert!(town.held(account.person).await.is_empty());
    assert_eq!(
        town.enter("sen.lt").await.unwrap_err().code,
        "identity.wrong_credentials"
    );
    // Nothing comes back under the name, and what is gone is not ended twice.
    assert_eq!(personnel.user("sen.lt", json!({})).await.error(), (409, "uniqueness"));
    assert_eq!(personnel.ask(Method::DELETE, &path, &[], Value::Null).await.status, 404);
    let page = db::PageRequest::new(None, None);
    let looks = audit::about(town.console().await.conn(), account.person, &page)
        .await
        .unwrap();
    let seen: Vec<(String, String)> = looks
        .items
        .into_iter()
        .map(|look| (look.action, look.purpose))
        .collect();
    for action in [
        "scim.user_created",
        "scim.user_changed",
        "identity.person_changed",
        "scim.user_closed",
    ] {
        let one = (action.to_owned(), "SCIM Nhân sự tỉnh".to_owned());
        assert!(seen.contains(&one), "{action}: {seen:?}");
    }
}

#[tokio::test]
async fn a_login_that_somebody_has_is_refused_and_leaves_nothing() {
    let town = Town::new().await;
    let citizen = town.somebody("Trần Văn Lúa", "lua").await;
    let personnel = town.personnel("Nhân sự").await;
    let reply = personnel
        .user("Lúa", json!({ "emails": [{ "value": "ke.xau@example.vn" }] }))
        .await;
    assert_eq!(reply.error(), (409, "uniqueness"));
    assert_eq!(personnel.get("/Users").await.body["totalResults"], 0);
    let mut op = town.console().await;
    let person = town.identity.person(&mut op, citizen, "").await.unwrap();
    assert_eq!(person.email.as_deref(), Some("rieng@example.vn"));
    drop(op);
    let id = personnel.new_user("mai", json!({})).await;
    let reply = personnel
        .patch(
            &format!("/Users/{id}"),
            json!([{ "op": "replace", "path": "userName", "value": "lua" }]),
        )
        .await;
    assert_eq!(reply.error(), (409, "uniqueness"));
    assert_eq!(town.account(&id).await.0.login, "mai");
    for wrong in ["ab", "a b c/d", "имя", "093085001234", "0912 345 678"] {
        assert_eq!(
            personnel.user(wrong, json!({})).await.error(),
            (400, "invalidValue"),
            "{wrong}"
        );
    }
    let unfit = json!({ "emails": [{ "value": "khong phai dia chi" }] });
    assert_eq!(personnel.user("hoa", unfit).await.error(), (400, "invalidValue"));
    assert_eq!(personnel.found(&[]).await, ["mai"]);
}

#[tokio::test]
async fn administrators_are_out_of_reach_also_those_of_tomorrow() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let id = personnel.new_user("quan.tri", json!({})).await;
    let (account, _) = town.account(&id).await;
    let position = town.position("quan-tri", "admin").await;
    let mut op = town.console().await;
    let tomorrow = identity::Validity::since("2026-03-03".parse().unwrap());
    town.identity
        .hold_position(&mut op, account.person, position, tomorrow)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let path = format!("/Users/{id}");
    assert_eq!(personnel.get(&path).await.status, 200);
    for operation in [
        json!({ "op": "replace", "path": "userName", "value": "x.quan.tri" }),
        json!({ "op": "replace", "path": "active", "value": false }),
        json!({ "op": "add", "path": "emails", "value": [{ "value": "ke.xau@example.vn" }] }),
    ] {
        assert_eq!(personnel.patch(&path, json!([operation])).await.error(), (403, ""));
    }
    let whole = json!({ "schemas": [USER], "userName": "quan.tri" });
    assert_eq!(personnel.ask(Method::PUT, &path, &[], whole).await.error(), (403, ""));
    assert_eq!(
        personnel.ask(Method::DELETE, &path, &[], Value::Null).await.error(),
        (403, "")
    );
    assert_eq!(town.account(&id).await.0.state, AccountState::Active);
    let refused: i64 = sqlx_count(&town, "SELECT count(*) FROM op.audit_entry WHERE action = 'op.refused'").await;
    assert_eq!(refused, 5);
}

async fn sqlx_count(town: &Town, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&town.scratch.pool).await.unwrap()
}

#[tokio::test]
async fn whom_an_administrator_suspends_no_application_lets_in_again() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let id = personnel.new_user("lan", json!({})).await;
    let path = format!("/Users/{id}");
    let set = async |state| {
        let mut op = town.console().await;
        town.identity
            .set_account_state(&mut op, id.parse().unwrap(), state)
            .await
            .unwrap();
        op.commit().await.unwrap();
    };
    set(AccountState::Suspended).await;
    let reply = personnel.get(&path).await;
    assert_eq!(
        (&reply.body["active"], &reply.body["meta"]["version"]),
        (&json!(false), &json!("W/\"2\""))
    );
    let active = json!([{ "op": "replace", "path": "active", "value": true }]);
    assert_eq!(personnel.patch(&path, active.clone()).await.error(), (403, ""));
    // Everything else may be said.
    let named = json!([{ "op": "replace", "path": "displayName", "value": "Lan" }]);
    assert_eq!(personnel.patch(&path, named).await.status, 200);
    assert_eq!(town.account(&id).await.0.state, AccountState::Suspended);
    set(AccountState::Active).await;
    assert_eq!(personnel.get(&path).await.body["active"], true);
    // What the application has suspended itself, it lets in again.
    for (said, state) in [(false, AccountState::Suspended), (true, AccountState::Active)] {
        let change = json!([{ "op": "replace", "path": "active", "value": said }]);
        assert_eq!(personnel.patch(&path, change).await.status, 200);
        assert_eq!(town.account(&id).await.0.state, state);
    }
    let taken = personnel
        .patch(&path, json!([{ "op": "remove", "path": "active" }]))
        .await;
    assert_eq!(taken.body.get("active"), None);
    assert_eq!(town.account(&id).await.0.state, AccountState::Suspended);
    let group = personnel.new_group("Nhóm", &[&id]).await;
    set(AccountState::Closed).await;
    assert_eq!(personnel.get(&path).await.status, 404);
    assert_eq!(
        personnel.get(&format!("/Groups/{group}")).await.body.get("members"),
        None
    );
}

#[tokio::test]
async fn versions_guard_against_the_change_of_somebody_else() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let id = personnel.new_user("lan", json!({ "displayName": "Lan" })).await;
    let path = format!("/Users/{id}");
    let ask = async |method: Method, header: &str, version: &str, body: Value| {
        personnel.ask(method, &path, &[(header, version)], body).await
    };
    let whole = |name: &str| json!({ "schemas": [USER], "userName": "lan", "displayName": name });
    assert_eq!(
        ask(Method::GET, "if-none-match", "W/\"1\"", Value::Null).await.status,
        304
    );
    assert_eq!(
        ask(Method::GET, "if-none-match", "W/\"0\", \"1\"", Value::Null)
            .await
            .status,
        304
    );
    assert_eq!(
        ask(Method::GET, "if-none-match", "W/\"2\"", Value::Null).await.status,
        200
    );
    assert_eq!(
        ask(Method::PUT, "if-match", "W/\"1\"", whole("Lan Anh")).await.status,
        200
    );
    for method in [Method::PUT, Method::DELETE] {
        assert_eq!(ask(method, "if-match", "W/\"1\"", whole("x")).await.error(), (412, ""));
    }
    // The same said twice is one change.
    assert_eq!(
        ask(Method::PUT, "if-match", "*", whole("Lan Anh")).await.body["meta"]["version"],
        "W/\"2\""
    );
    assert_eq!(personnel.get(&path).await.body["displayName"], "Lan Anh");
    assert_eq!(
        ask(Method::DELETE, "if-match", "W/\"2\"", Value::Null).await.status,
        204
    );
}

#[tokio::test]
async fn the_same_account_twice_at_once_is_opened_once() {
    let town = Town::new().await;
    let (one, other) = (town.personnel("Một").await, town.personnel("Hai").await);
    let (first, second, third) = tokio::join!(
        one.user("lan", json!({})),
        one.user("lan", json!({})),
        other.user("Lan", json!({}))
    );
    let mut all = [first.status, second.status, third.status];
    all.sort_unstable();
    assert_eq!(all, [201, 409, 409]);
    let people = sqlx_count(&town, "SELECT count(*) FROM identity.person").await;
    assert_eq!(people, 1);
}

#[tokio::test]
async fn an_administrator_hands_the_account_of_an_official_over() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let official = town.somebody("Trần Văn Lúa", "lua").await;
    town.somebody("Lê Thị Sen", "sen").await;
    let boss = town.somebody("Phạm Thị Mận", "man").await;
    town.hold(official, town.position("van-phong", "clerk").await).await;
    town.hold(boss, town.position("quan-tri", "admin").await).await;
    let hand_over = async |client: &str, login: &str| {
        let mut op = town.console().await;
        let id = town
            .scim
            .hand_over(&mut op, client, login)
            .await
            .map_err(|fault| fault.code)?;
        op.commit().await.map_err(|fault| fault.code)?;
        Ok(id.to_string())
    };
    assert_eq!(
        hand_over("khong-co-12345678", "lua").await,
        Err("openid.client_not_found")
    );
    assert_eq!(hand_over(&personnel.client, "ai-do").await, Err("scim.not_found"));
    assert_eq!(hand_over(&personnel.client, "sen").await, Err("scim.no_official"));
    assert_eq!(hand_over(&personnel.client, "man").await, Err("scim.administrator"));
    let id = hand_over(&personnel.client, "Lúa").await.unwrap();
    assert_eq!(hand_over(&personnel.client, "lua").await, Err("scim.already_managed"));
    let reply = personnel.get(&format!("/Users/{id}")).await;
    assert_eq!(reply.body["name"]["formatted"], "Trần Văn Lúa");
    assert_eq!(reply.body["emails"][0]["value"], "rieng@example.vn");
    let change = json!([{ "op": "replace", "path": "emails", "value": [{ "value": "lua@haugiang.example" }] }]);
    assert_eq!(personnel.patch(&format!("/Users/{id}"), change).await.status, 200);
    let (account, person) = town.account(&id).await;
    assert_eq!(person.email.as_deref(), Some("lua@haugiang.example"));
    // Another system takes its place; the first one sees nothing any more.
    let next = town.personnel("Nhân sự mới").await;
    let group = personnel.new_group("Nhóm", &[&id]).await;
    let mut op = town.console().await;
    let unknown = town
        .scim
        .move_all(&mut op, &personnel.client, "khong-co-12345678")
        .await;
    assert_eq!(unknown.unwrap_err().code, "openid.client_not_found");
    let mut op = town.console().await;
    assert_eq!(
        town.scim
            .move_all(&mut op, &personnel.client, &next.client)
            .await
            .unwrap(),
        1
    );
    op.commit().await.unwrap();
    for path in [format!("/Users/{id}"), format!("/Groups/{group}")] {
        assert_eq!(
            (personnel.get(&path).await.status, next.get(&path).await.status),
            (404, 200)
        );
    }
    // What the application does not know stays as it is.
    assert_eq!(
        (account.login.as_str(), person.birth_date),
        ("lua", "1980-02-03".parse().ok())
    );
    town.enter("lua").await.unwrap();
    // The personnel system strikes the official off: the office ends, the account is its owner's as before.
    let path = format!("/Users/{id}");
    let personnel = next;
    let before = sqlx_count(
        &town,
        "SELECT count(*) FROM op.audit_entry WHERE action = 'scim.user_read'",
    )
    .await;
    let same = json!([{ "op": "replace", "path": "active", "value": true }]);
    assert_eq!(personnel.patch(&path, same).await.status, 200);
    let after = sqlx_count(
        &town,
        "SELECT count(*) FROM op.audit_entry WHERE action = 'scim.user_read'",
    )
    .await;
    assert_eq!(after, before + 1, "what changes nothing shows the account all the same");
    assert_eq!(personnel.ask(Method::DELETE, &path, &[], Value::Null).await.status, 204);
    assert!(town.held(official).await.is_empty());
    town.enter("lua").await.unwrap();
}

#[tokio::test]
async fn an_account_without_an_office_is_its_owners_again() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let person = town.somebody("Trần Văn Lúa", "lua").await;
    let position = town.position("van-phong", "clerk").await;
    town.hold(person, position).await;
    let mut op = town.console().await;
    let id = town.scim.hand_over(&mut op, &personnel.client, "lua").await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.console().await;
    let yesterday = kernel::local_date(op.now()) - chrono::Duration::days(1);
    town.identity
        .end_holding(&mut op, person, position, yesterday)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let path = format!("/Users/{id}");
    let suspend = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(personnel.patch(&path, suspend).await.status, 409);
    assert_eq!(personnel.ask(Method::DELETE, &path, &[], Value::Null).await.status, 409);
    town.enter("lua").await.unwrap();
}

// shows: R028
#[tokio::test]
async fn what_applications_say_is_told_to_the_person_and_erased_when_they_look_after_nobody_any_more() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự tỉnh").await;
    let id = personnel.new_user("le.sen", json!({ "externalId": "NV-77" })).await;
    let (account, _) = town.account(&id).await;
    let whom = op::Whom {
        person: account.person,
        account: Some(account.id),
    };
    let mut op = town.console().await;
    let permit = op
        .allow("privacy.extract", "person:test", op::Decision::Follows)
        .await
        .unwrap();
    let told = town.scim.tell(&mut op, &permit, &whom, 10).await.unwrap();
    assert_eq!(
        (town.scim.engine(), told[0].part.as_str(), told[0].items.len()),
        ("scim", "users", 1)
    );
    assert!(
        told[0].items[0]["said"].to_string().contains("NV-77"),
        "{:?}",
        told[0].items
    );
    let forgotten = town.scim.forget(&mut op, &permit, &whom).await.unwrap();
    assert_eq!(
        forgotten,
        [op::Forgotten::gone("users", 0), op::Forgotten::kept("managed")]
    );
    op.commit().await.unwrap();
    let gone = personnel
        .ask(Method::DELETE, &format!("/Users/{id}"), &[], Value::Null)
        .await;
    assert_eq!(gone.status, 204);
    let mut op = town.console().await;
    let forgotten = town.scim.forget(&mut op, &permit, &whom).await.unwrap();
    assert_eq!(forgotten, [op::Forgotten::gone("users", 1)]);
    let told = town.scim.tell(&mut op, &permit, &whom, 10).await.unwrap();
    assert_eq!(told[0].items[0]["said"], json!({}));
    let again = town.scim.forget(&mut op, &permit, &whom).await.unwrap();
    assert_eq!(again, [op::Forgotten::gone("users", 0)]);
}

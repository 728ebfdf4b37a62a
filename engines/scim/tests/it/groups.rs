//! Groups, and what they give.

use axum::http::{Method, header};
use identity::NewPerson;
use serde_json::{Value, json};

use crate::town::{Town, group};

#[tokio::test]
async fn members_come_and_go() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let (lan, mai) = (
        personnel.new_user("lan", json!({})).await,
        personnel.new_user("mai", json!({})).await,
    );
    let id = personnel.new_group("Văn phòng", &[&lan]).await;
    let path = format!("/Groups/{id}");
    let reply = personnel.get(&path).await;
    let place = |id: &str| format!("https://tinh.example/scim/v2/Users/{id}");
    assert_eq!(
        reply.body["members"],
        json!([{ "value": lan, "$ref": place(&lan), "type": "User" }])
    );
    let user = personnel.get(&format!("/Users/{lan}")).await;
    assert_eq!(
        (&user.body["groups"][0]["value"], &user.body["groups"][0]["display"]),
        (&json!(id), &json!("Văn phòng"))
    );
    assert_eq!(user.headers[header::ETAG], "W/\"2\"");
    let more = json!([{ "op": "add", "path": "members", "value": [{ "$ref": place(&mai) }, { "value": lan }] }]);
    assert_eq!(
        personnel.patch(&path, more).await.body["members"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let fewer = json!([{ "op": "remove", "path": format!("members[value eq \"{lan}\"]") }]);
    let reply = personnel.patch(&path, fewer).await;
    assert_eq!(
        (
            reply.body["members"].as_array().unwrap().len(),
            &reply.body["members"][0]["value"]
        ),
        (1, &json!(mai))
    );
    assert_eq!(personnel.get(&format!("/Users/{lan}")).await.body.get("groups"), None);
    let renamed = json!([{ "op": "replace", "path": "displayName", "value": "Văn phòng mới" }]);
    assert_eq!(personnel.patch(&path, renamed).await.status, 200);
    let user = personnel.get(&format!("/Users/{mai}")).await;
    assert_eq!(
        (&user.body["groups"][0]["display"], &user.body["meta"]["version"]),
        (&json!("Văn phòng mới"), &json!("W/\"3\""))
    );
    let reply = personnel.ask(Method::PUT, &path, &[], group("Văn phòng", &[])).await;
    assert_eq!((reply.status, reply.body.get("members")), (200, None));
    for wrong in [
        json!([{ "value": id }]),
        json!([{ "value": "x" }]),
        json!([{ "value": lan, "type": "Group" }]),
        json!([{ "display": "Lan" }]),
        json!([{ "type": "User" }]),
    ] {
        let reply = personnel
            .patch(&path, json!([{ "op": "replace", "path": "members", "value": wrong }]))
            .await;
        // A value of which nothing is known is none.
        let expected = if wrong[0].get("display").is_some() { 200 } else { 400 };
        assert_eq!(reply.status, expected, "{wrong}");
    }
    assert_eq!(personnel.ask(Method::DELETE, &path, &[], Value::Null).await.status, 204);
    assert_eq!(personnel.get(&path).await.error(), (404, ""));
}

#[tokio::test]
async fn a_group_gives_nothing_until_an_administrator_says_so() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let (lan, mai) = (
        personnel.new_user("lan", json!({})).await,
        personnel.new_user("mai", json!({})).await,
    );
    let (lan_person, mai_person) = (town.account(&lan).await.0.person, town.account(&mai).await.0.person);
    let position = town.position("van-phong", "clerk").await;
    // Whatever it is called, and whatever is said about it.
    let id = personnel.new_group("van-phong", &[&lan]).await;
    let path = format!("/Groups/{id}");
    personnel
        .patch(
            &path,
            json!([{ "op": "add", "value": { "position": position, "roles": ["admin"] } }]),
        )
        .await;
    assert!(town.held(lan_person).await.is_empty());
    let map = async |position| {
        let mut op = town.console().await;
        town.scim
            .map_group(&mut op, id.parse().unwrap(), position)
            .await
            .map_err(|fault| fault.code)?;
        op.commit().await.map_err(|fault| fault.code)
    };
    let admin = town.position("quan-tri", "admin").await;
    assert_eq!(map(Some(admin)).await, Err("scim.position_of_administrator"));
    map(Some(position)).await.unwrap();
    assert_eq!(town.held(lan_person).await, ["van-phong"]);
    let with = |ids: &[&str]| group("van-phong", ids);
    personnel.ask(Method::PUT, &path, &[], with(&[&lan, &mai])).await;
    assert_eq!(town.held(mai_person).await, ["van-phong"]);
    personnel.ask(Method::PUT, &path, &[], with(&[&mai])).await;
    assert!(town.held(lan_person).await.is_empty());
    // Another position for all who are in it, then none.
    let other = town.position("tu-phap", "specialist").await;
    map(Some(other)).await.unwrap();
    assert_eq!(town.held(mai_person).await, ["tu-phap"]);
    map(None).await.unwrap();
    assert!(town.held(mai_person).await.is_empty());
    map(Some(position)).await.unwrap();
    // The position becomes an administrator's: whoever comes now gets nothing.
    town.position("van-phong", "admin").await;
    personnel.ask(Method::PUT, &path, &[], with(&[&lan, &mai])).await;
    assert!(town.held(lan_person).await.is_empty());
    // Nor does the application take it from whoever has it.
    let reply = personnel.ask(Method::PUT, &path, &[], with(&[&lan])).await;
    assert_eq!(reply.status, 403);
    assert_eq!(town.held(mai_person).await, ["van-phong"]);
    let watched = town.position("du-lieu", "data_protection").await;
    assert_eq!(map(Some(watched)).await, Err("scim.position_of_administrator"));
    town.position("van-phong", "clerk").await;
    assert_eq!(personnel.ask(Method::DELETE, &path, &[], Value::Null).await.status, 204);
    assert!(town.held(mai_person).await.is_empty());
}

#[tokio::test]
async fn a_group_that_is_no_office_gives_none() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let lan = personnel.new_user("lan", json!({})).await;
    let id = personnel.new_group("Tất cả cán bộ", &[&lan]).await;
    // As many people as a large agency has; written at once, because their accounts do not matter here.
    let mut op = town.console().await;
    let mut people = Vec::new();
    for number in 0..400 {
        let new = NewPerson::named(format!("Người thứ {number}"));
        people.push(town.identity.register_person(&mut op, &new).await.unwrap().uuid());
    }
    op.commit().await.unwrap();
    let crowd = "WITH crowd AS (
            INSERT INTO scim.\"user\" (id, client, person, doc, created_at, changed_at)
            SELECT gen_random_uuid(), client, one, doc, created_at, changed_at
            FROM scim.\"user\", unnest($2) AS one
            RETURNING id)
        INSERT INTO scim.member (group_id, user_id) SELECT $1::uuid, id FROM crowd";
    sqlx::query(crowd)
        .bind(&id)
        .bind(people)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let position = town.position("van-phong", "clerk").await;
    let map = async |position| {
        let mut op = town.console().await;
        town.scim
            .map_group(&mut op, id.parse().unwrap(), position)
            .await
            .map_err(|fault| fault.code)?;
        op.commit().await.map_err(|fault| fault.code)
    };
    assert_eq!(map(Some(position)).await, Err("scim.too_many_members"));
    let path = format!("/Groups/{id}");
    let fewer = json!([{ "op": "remove", "path": format!("members[value eq \"{lan}\"]") }]);
    assert_eq!(
        personnel.patch(&path, fewer).await.body["members"]
            .as_array()
            .unwrap()
            .len(),
        400
    );
    map(Some(position)).await.unwrap();
    // From one office to another: each of the four hundred leaves and comes.
    map(Some(town.position("tu-phap", "specialist").await)).await.unwrap();
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": lan }] }]);
    assert_eq!(personnel.patch(&path, join).await.error(), (400, "invalidValue"));
    assert_eq!(personnel.ask(Method::DELETE, &path, &[], Value::Null).await.status, 204);
    assert!(town.held(town.account(&lan).await.0.person).await.is_empty());
}

#[tokio::test]
async fn only_what_a_membership_gave_is_taken_back() {
    let town = Town::new().await;
    let personnel = town.personnel("Nhân sự").await;
    let lan = personnel.new_user("lan", json!({})).await;
    let person = town.account(&lan).await.0.person;
    let position = town.position("van-phong", "clerk").await;
    let map = async |id: &str| {
        let mut op = town.console().await;
        town.scim
            .map_group(&mut op, id.parse().unwrap(), Some(position))
            .await
            .unwrap();
        op.commit().await.unwrap();
    };
    let leave = async |id: &str| {
        let reply = personnel
            .patch(&format!("/Groups/{id}"), json!([{ "op": "remove", "path": "members" }]))
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    // Two groups give the same: who leaves one keeps it, who leaves both does not.
    let (one, two) = (
        personnel.new_group("Một", &[&lan]).await,
        personnel.new_group("Hai", &[&lan]).await,
    );
    map(&one).await;
    map(&two).await;
    leave(&one).await;
    assert_eq!(town.held(person).await, ["van-phong"]);
    leave(&two).await;
    assert!(town.held(person).await.is_empty());
    // An administrator has given it before: it is not the group's to take.
    town.hold(person, position).await;
    for id in [&one, &two] {
        let join = json!([{ "op": "add", "path": "members", "value": [{ "value": lan }] }]);
        assert_eq!(personnel.patch(&format!("/Groups/{id}"), join).await.status, 200);
        leave(id).await;
    }
    assert_eq!(town.held(person).await, ["van-phong"]);
}

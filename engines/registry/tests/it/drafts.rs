//! A register from an empty page, without a file and without a programmer.

use kernel::{Actor, Result};
use registry::definition::{Drawn, RecordDefinition, blank};
use schema::Problems;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::town::{Town, given};

/// A plausible register of an agency: six fields.
fn bridges() -> Value {
    let mut tree = blank("SXD");
    tree["record"] = "footbridge".into();
    tree["vi"] = "Cầu dân sinh".into();
    tree["en"] = "Footbridges".into();
    tree["about"] = json!({ "vi": "Các cầu dân sinh của tỉnh.", "en": "The footbridges of the province." });
    tree["title"] = "ten".into();
    tree["key"] = json!(["ma"]);
    tree["list"] = json!(["ma", "ten", "xa"]);
    tree["place"] = "xa".into();
    tree["enters"] = json!(["district"]);
    tree["fields"] = json!([
        { "field": "ma", "vi": "Mã cầu", "en": "Code", "type": "text", "pattern": "CAU-999", "required": true, "search": true, "class": "public" },
        { "field": "ten", "vi": "Tên cầu", "en": "Name", "type": "text", "required": true, "search": true, "class": "public" },
        { "field": "xa", "vi": "Xã, phường", "en": "Ward", "type": "area", "required": true, "search": true, "class": "public" },
        { "field": "dai", "vi": "Chiều dài", "en": "Length", "type": "number", "decimals": 1, "min": 1, "unit": "m", "class": "public" },
        { "field": "nam", "vi": "Năm xây", "en": "Built in", "type": "number", "min": 1900, "max": 2100, "class": "public" },
        { "field": "so", "vi": "Tình trạng", "en": "State", "type": "choice", "class": "public",
          "options": [{ "code": "tot", "vi": "Tốt", "en": "Good" }, { "code": "hong", "vi": "Hỏng", "en": "Broken" }] },
    ]);
    tree
}

async fn version(town: &Town, actor: &Actor, id: Uuid) -> Result<String> {
    let mut op = town.op(actor).await;
    Ok(town.registry.draft(&mut op, id).await?.version)
}

/// Over what stands there.
async fn save(town: &Town, actor: &Actor, id: Option<Uuid>, tree: Value) -> Result<Uuid> {
    let seen = match id {
        Some(id) => Some((id, version(town, actor, id).await?)),
        None => None,
    };
    let mut op = town.op(actor).await;
    let seen = seen.as_ref().map(|(id, version)| (*id, version.as_str()));
    let id = town.registry.save_draft(&mut op, seen, tree).await?;
    op.commit().await?;
    Ok(id)
}

async fn check(town: &Town, actor: &Actor, tree: &Value) -> Drawn {
    let mut op = town.op(actor).await;
    town.registry.check_drawn(&mut op, tree).await.unwrap()
}

async fn publish(town: &Town, actor: &Actor, id: Uuid) -> Result<String> {
    let seen = version(town, actor, id).await?;
    let mut op = town.op(actor).await;
    let (register, _) = town.registry.publish_draft(&mut op, id, &seen).await?;
    op.commit().await?;
    Ok(register)
}

#[tokio::test]
async fn a_register_is_drawn_tried_and_put_into_force() {
    let town = Town::new().await;
    let admin = town.official("SCT", "admin");
    let id = save(&town, &admin, None, bridges()).await.unwrap();
    let drawn = check(&town, &admin, &bridges()).await;
    assert_eq!(drawn.problems, []);
    let definition = drawn.definition.unwrap();
    // Rows are tried, and not kept.
    let mut op = town.op(&admin).await;
    let row = given(json!({ "ma": "CAU-001", "ten": "Cầu Ba Láng", "xa": "31340", "dai": "12,5", "so": "Tốt" }));
    let values = town.registry.try_row(&mut op, &definition, &row).await.unwrap();
    assert_eq!((&values["dai"], &values["so"]), (&json!(12.5), &json!("tot")));
    let bad = given(json!({ "ma": "1", "dai": "0", "nam": "x" }));
    let fault = town.registry.try_row(&mut op, &definition, &bad).await.unwrap_err();
    let fields: Vec<&str> = fault.fields.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["ma", "dai", "nam", "ten", "xa"]);
    let rehearsal = town.registry.rehearse(&mut op, &definition).await.unwrap();
    assert!(rehearsal.refusals.is_empty() && !rehearsal.in_force);
    drop(op);

    assert_eq!(publish(&town, &admin, id).await.unwrap(), "footbridge");
    // Form, list and records by those who enter, as in any other register.
    let district = town.official("TPNB", "specialist");
    town.add(
        &district,
        "footbridge",
        json!({ "ma": "CAU-001", "ten": "Cầu Ba Láng", "xa": "31340" }),
    )
    .await
    .unwrap();
    let found = town
        .list(&town.official("SXD", "specialist"), "footbridge", &[("q", "ba lang")])
        .await
        .unwrap();
    assert_eq!(found[0].values["ma"], "CAU-001");
    let mut op = town.op(&admin).await;
    assert_eq!(
        town.registry.drafts(&mut op).await.unwrap(),
        [],
        "the drawing is used up"
    );
    let published = town.registry.register(&mut op, "footbridge").await.unwrap();
    assert_eq!(
        (published.app.as_str(), published.owner),
        (registry::OWN_APP, town.agencies["SXD"])
    );
    // The file is the declaration, letter by letter the same meaning.
    let mut problems = Problems::new();
    let read = RecordDefinition::read("x", &drawn.yaml, &mut problems).unwrap();
    assert_eq!(read.digest(), published.digest);
}

#[tokio::test]
async fn later_it_grows_and_nothing_is_lost() {
    let town = Town::new().await;
    let admin = town.official("SCT", "admin");
    let id = save(&town, &admin, None, bridges()).await.unwrap();
    publish(&town, &admin, id).await.unwrap();
    let owner = town.official("SXD", "specialist");
    town.add(
        &owner,
        "footbridge",
        json!({ "ma": "CAU-001", "ten": "Cầu Ba Láng", "xa": "31340", "nam": 1999 }),
    )
    .await
    .unwrap();
    let draft = async |register: &str| {
        let mut op = town.op(&admin).await;
        let id = town.registry.draft_of(&mut op, register).await?;
        let tree = town.registry.draft(&mut op, id).await?.tree;
        op.commit().await?;
        Ok::<_, kernel::Fault>((id, tree))
    };
    let (id, mut tree) = draft("footbridge").await.unwrap();
    let more = json!({ "field": "chu", "vi": "Ghi chú", "en": "Note", "type": "long_text", "class": "internal" });
    tree["fields"].as_array_mut().unwrap().push(more);
    save(&town, &admin, Some(id), tree.clone()).await.unwrap();
    publish(&town, &admin, id).await.unwrap();
    let found = town.list(&owner, "footbridge", &[]).await.unwrap();
    assert_eq!(found[0].values["nam"], 1999);
    // Taking a field away that has values is refused, before and at the publication.
    let (id, mut tree) = draft("footbridge").await.unwrap();
    tree["fields"]
        .as_array_mut()
        .unwrap()
        .retain(|field| field["field"] != "nam");
    save(&town, &admin, Some(id), tree.clone()).await.unwrap();
    let definition = check(&town, &admin, &tree).await.definition.unwrap();
    let mut op = town.op(&admin).await;
    let rehearsal = town.registry.rehearse(&mut op, &definition).await.unwrap();
    assert_eq!(rehearsal.refusals[0].records, 1);
    drop(op);
    assert_eq!(
        publish(&town, &admin, id).await.unwrap_err().code,
        "registry.plan_refused"
    );
    // Registers of the systems stay with their systems.
    assert_eq!(draft("shop").await.unwrap_err().code, "registry.not_own");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_with_its_place() {
    let town = Town::new().await;
    let admin = town.official("SCT", "admin");
    let codes = async |tree: &Value| {
        let drawn = check(&town, &admin, tree).await;
        assert_eq!(drawn.definition.is_none(), !drawn.problems.is_empty());
        let told: Vec<(String, String)> = drawn.problems.into_iter().map(|one| (one.path, one.code)).collect();
        told
    };
    let mut tree = bridges();
    tree["record"] = "shop".into();
    tree["owner"] = "XYZ".into();
    tree["fields"][5] =
        json!({ "field": "so", "vi": "Đường", "en": "Street", "type": "link", "to": "nowhere", "class": "public" });
    tree["fields"].as_array_mut().unwrap().push(json!(
        { "field": "nuoc", "vi": "Nước", "en": "Country", "type": "catalogue", "catalogue": "street", "class": "public" }
    ));
    let told = codes(&tree).await;
    for (path, code) in [
        ("record", "registry.key_taken"),
        ("owner", "registry.owner_unknown"),
        ("fields.5.to", "registry.link_unknown"),
        ("fields.6.catalogue", "registry.catalogue_unknown"),
    ] {
        assert!(told.contains(&(path.into(), code.into())), "{path}: {told:?}");
    }
    let id = save(&town, &admin, None, tree).await.unwrap();
    let fault = publish(&town, &admin, id).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["problems"].as_str()),
        ("registry.draft_unsound", "4")
    );
    // Whatever is typed for a name is no name.
    for nasty in [
        "x\"; DROP TABLE records.shop; --",
        "pg_class\u{0}",
        "Mã",
        "a.b",
        "../etc",
        "valid_from",
        "__was",
        "",
    ] {
        let mut tree = bridges();
        tree["fields"][0]["field"] = nasty.into();
        assert!(!codes(&tree).await.is_empty(), "{nasty:?}");
        let mut tree = bridges();
        tree["record"] = nasty.into();
        if nasty != "valid_from" {
            assert!(!codes(&tree).await.is_empty(), "{nasty:?}");
        }
    }
    let mut tree = bridges();
    tree["fields"][3]["required"] = "dai > ".into();
    assert_eq!(codes(&tree).await[0].0, "fields.3.required");
    assert_eq!(
        town.codes(&town.official("SCT", "specialist"), "shop", &[]).await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_drawing_is_its_owners_alone_and_drawing_is_for_administrators() {
    let town = Town::new().await;
    let (admin, other) = (town.official("SCT", "admin"), town.official("SXD", "admin"));
    let id = save(&town, &admin, None, bridges()).await.unwrap();
    for fault in [
        save(&town, &other, Some(id), bridges()).await.map(drop).unwrap_err(),
        publish(&town, &other, id).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(fault.code, "registry.draft_not_found");
    }
    let mut op = town.op(&other).await;
    assert_eq!(town.registry.drafts(&mut op).await.unwrap(), []);
    assert_eq!(
        town.registry.draft(&mut op, id).await.unwrap_err().code,
        "registry.draft_not_found"
    );
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM registry.draft_register")
        .fetch_one(op.conn())
        .await
        .unwrap();
    assert_eq!(seen, 0, "the wall stands here too");
    drop(op);
    for actor in [
        town.official("SCT", "specialist"),
        town.official("SCT", "leader"),
        town.citizen(),
        Actor::Anonymous,
    ] {
        let fault = save(&town, &actor, None, bridges()).await.unwrap_err();
        assert_eq!(fault.code, "registry.not_allowed");
    }
    let large = json!({ "vi": "x".repeat(600 * 1024) });
    assert_eq!(
        save(&town, &admin, None, large).await.unwrap_err().code,
        "registry.draft_too_large"
    );
    let mut op = town.op(&admin).await;
    town.registry.discard_draft(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&admin).await;
    assert_eq!(
        town.registry.discard_draft(&mut op, id).await.unwrap_err().code,
        "registry.draft_not_found"
    );
}

#[tokio::test]
async fn what_another_window_has_kept_is_not_written_over() {
    let town = Town::new().await;
    let admin = town.official("SCT", "admin");
    let id = save(&town, &admin, None, bridges()).await.unwrap();
    let first = version(&town, &admin, id).await.unwrap();
    let mut tree = bridges();
    tree["vi"] = "Cầu treo".into();
    save(&town, &admin, Some(id), tree.clone()).await.unwrap();
    let mut op = town.op(&admin).await;
    let late = town.registry.save_draft(&mut op, Some((id, &first)), bridges()).await;
    assert_eq!(late.unwrap_err().code, "registry.draft_changed");
    let blind = town.registry.publish_draft(&mut op, id, &first).await;
    assert_eq!(blind.map(drop).unwrap_err().code, "registry.draft_changed");
    assert_eq!(town.registry.draft(&mut op, id).await.unwrap().tree, tree);
}

#[tokio::test]
async fn two_windows_that_save_at_once_are_told_apart() {
    let town = Town::new().await;
    let admin = town.official("SCT", "admin");
    let id = save(&town, &admin, None, bridges()).await.unwrap();
    let seen = version(&town, &admin, id).await.unwrap();
    let window = async |name: &str| {
        let mut tree = bridges();
        tree["vi"] = name.into();
        let mut op = town.op(&admin).await;
        town.registry.save_draft(&mut op, Some((id, &seen)), tree).await?;
        op.commit().await
    };
    let (one, other) = tokio::join!(window("Một"), window("Hai"));
    let faults: Vec<&str> = [one, other]
        .into_iter()
        .filter_map(|done| done.err().map(|fault| fault.code))
        .collect();
    assert_eq!(faults, ["registry.draft_changed"]);
}

//! Links: seen, taken away, given back; and signing out of the provider.

use federation::{Arrival, Purpose};
use op::Keeper;
use simulators::{Behaviour, Provider};
use web::Identify;

use crate::town::{DIEP, HOA, NGAN, Town, key};

async fn unlink(town: &Town, signed: &identity::SignedIn, provider: Provider) -> Result<(), &'static str> {
    let mut op = town.op(&signed.actor).await;
    let done = town
        .federation
        .unlink(&mut op, key(provider), Some(signed.session))
        .await;
    match done {
        Ok(()) => op.commit().await.map_err(|fault| fault.code),
        Err(fault) => Err(fault.code),
    }
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let town = Town::new().await;
    let signed = town.come(Provider::Vneid, DIEP).await;
    assert_eq!(
        unlink(&town, &signed, Provider::Vneid).await,
        Err("federation.last_way")
    );
    assert_eq!(
        unlink(&town, &signed, Provider::NationalPortal).await,
        Err("federation.link_not_found")
    );
    town.come(Provider::NationalPortal, DIEP).await;
    assert_eq!(unlink(&town, &signed, Provider::Vneid).await, Ok(()));
    assert_eq!(
        unlink(&town, &signed, Provider::NationalPortal).await,
        Err("federation.last_way")
    );
    let mut op = town.op(&signed.actor).await;
    let links = town.federation.links(&mut op).await.unwrap();
    let linked: Vec<bool> = links.iter().map(|link| link.linked_at.is_some()).collect();
    assert_eq!(linked, [false, true]);
    assert!(links.iter().all(|link| link.provider.simulator));
}

#[tokio::test]
async fn who_has_taken_a_way_in_away_comes_in_by_it_only_after_giving_it_back() {
    let town = Town::new().await;
    let account = town.settled(NGAN, "congdan").await;
    let phone = town.come(Provider::Vneid, NGAN).await;
    let desk = town.enter("congdan").await;
    assert_eq!(unlink(&town, &desk, Provider::Vneid).await, Ok(()));
    assert!(
        town.identity.session(&phone.token).await.unwrap().is_none(),
        "what it has opened is over"
    );
    assert!(town.identity.session(&desk.token).await.unwrap().is_some());
    assert_eq!(
        town.refused(Provider::Vneid, NGAN, Behaviour::Honest).await,
        "federation.unlinked"
    );
    // Signed in by password the owner links it anew; somebody else's identity is not taken.
    let departure = town.depart_for(Provider::Vneid, Purpose::Link(account)).await;
    let stranger = town.answer(&departure, Some(HOA)).await;
    let refused = town
        .arrive_as("vneid", &departure.browser, &stranger, Some(account))
        .await
        .unwrap_err();
    assert_eq!((refused.fault.code, refused.linking), ("federation.other_person", true));
    assert_eq!(town.accounts().await, 1, "the stranger gets no account by that");
    let departure = town.depart_for(Provider::Vneid, Purpose::Link(account)).await;
    let own = town.answer(&departure, Some(NGAN)).await;
    let elsewhere = town
        .arrive_as("vneid", &departure.browser, &own, None)
        .await
        .unwrap_err();
    assert_eq!(elsewhere.fault.code, "federation.expired", "signed out meanwhile");
    let departure = town.depart_for(Provider::Vneid, Purpose::Link(account)).await;
    let own = town.answer(&departure, Some(NGAN)).await;
    let linked = town
        .arrive_as("vneid", &departure.browser, &own, Some(account))
        .await
        .unwrap();
    assert!(matches!(linked, Arrival::Linked { .. }));
    assert_eq!(town.come(Provider::Vneid, NGAN).await.actor.account(), Some(account));
    assert_eq!(
        (
            town.events("federation.linked").await,
            town.events("federation.unlinked").await
        ),
        (2, 1)
    );
}

#[tokio::test]
async fn a_subject_never_becomes_somebody_else() {
    let town = Town::new().await;
    let first = town.come(Provider::Vneid, DIEP).await;
    let code = town.refused(Provider::Vneid, DIEP, Behaviour::OtherNumber).await;
    assert_eq!(code, "federation.subject_differs");
    assert_eq!(town.accounts().await, 1, "nothing of it stays");
    assert_eq!(town.count("SELECT count(*) FROM identity.person").await, 1);
    // The same person under a new subject, as after opening the account at the provider anew.
    town.simulator.behave(Provider::Vneid, Behaviour::OtherSubject);
    let again = town.come(Provider::Vneid, DIEP).await;
    assert_eq!(again.actor.account(), first.actor.account());
    assert_eq!(town.living_links().await, 1);
    assert_eq!(
        town.count("SELECT count(*) FROM federation.link WHERE end_reason = 'replaced'")
            .await,
        1
    );
}

#[tokio::test]
async fn signing_out_leads_to_the_provider_and_keeps_no_token() {
    let town = Town::new().await;
    let signed = town.come(Provider::Vneid, DIEP).await;
    let portal = town.come(Provider::NationalPortal, DIEP).await;
    let farewell = async |signed: &identity::SignedIn| {
        let mut op = town.op(&signed.actor).await;
        town.federation.farewell(&mut op, signed.session).await.unwrap()
    };
    let vneid = farewell(&signed).await.unwrap();
    assert!(
        vneid.address.contains("/api/idp/third-party/logout?token_id=eyJ"),
        "{}",
        vneid.address
    );
    let address = farewell(&portal).await.unwrap().address;
    assert!(address.ends_with("/oidc/logout"), "{address}");
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id_token FROM federation.farewell")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(
        stored
            .iter()
            .all(|sealed| !String::from_utf8_lossy(sealed).contains("eyJ"))
    );
    // Other keys: what is kept is found and sealed anew.
    let mut op = town.op(&kernel::Actor::System("keys")).await;
    let uses = town.federation.keys_in_use(&mut op).await.unwrap();
    assert_eq!(uses.iter().map(|used| used.count).sum::<i64>(), 2);
    drop(op);
    town.vault.add_key(town.ops.now() + chrono::Duration::hours(1)).unwrap();
    assert_eq!(town.federation.reseal(&town.ops).await.unwrap().done, 2);
    assert_eq!(farewell(&signed).await.unwrap(), vneid);
    let mut op = town.op(&signed.actor).await;
    town.identity.sign_out(&mut op, signed.session).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(farewell(&signed).await, None);
    assert!(farewell(&portal).await.is_some());
    // Signed in by password there is nothing to leave.
    town.settled(NGAN, "congdan").await;
    assert_eq!(farewell(&town.enter("congdan").await).await, None);
}

#[tokio::test]
async fn an_owner_without_a_password_shows_at_the_provider_who_they_are() {
    let town = Town::new().await;
    let signed = town.come(Provider::Vneid, NGAN).await;
    let account = signed.actor.account().unwrap();
    let key = key(Provider::Vneid);
    town.advance(chrono::Duration::hours(1));
    let purpose = Purpose::ShowAgain(account);
    let departure = town.depart_for(Provider::Vneid, purpose).await;
    assert!(
        departure.address.contains("&prompt=login&max_age=0"),
        "{}",
        departure.address
    );
    let back = town.answer(&departure, Some(NGAN)).await;
    let arrived = town
        .arrive_as(key, &departure.browser, &back, Some(account))
        .await
        .unwrap();
    let Arrival::ShownAgain { back: page, resume } = arrived else {
        panic!("{arrived:?}")
    };
    assert_eq!((page.as_str(), resume.as_str()), ("/thu-tuc", "{\"path\":\"/a\"}"));
    let mut op = town.op(&signed.actor).await;
    let shown = town.identity.showed_at_provider(&mut op, signed.session, key).await;
    shown.unwrap();
    op.commit().await.unwrap();
    let fresh = "SELECT count(*) FROM identity.session WHERE shown_at > created_at";
    assert_eq!(town.count(fresh).await, 1);
    assert_eq!(
        town.count("SELECT count(*) FROM identity.session").await,
        1,
        "it opens none"
    );

    // Somebody else at the provider, nobody signed in here, a journey of yesterday's answer.
    let departure = town.depart_for(Provider::Vneid, purpose).await;
    let back = town.answer(&departure, Some(HOA)).await;
    let refused = town
        .arrive_as(key, &departure.browser, &back, Some(account))
        .await
        .unwrap_err();
    assert_eq!((refused.fault.code, refused.again), ("federation.other_person", true));
    let departure = town.depart_for(Provider::Vneid, purpose).await;
    let back = town.answer(&departure, Some(NGAN)).await;
    let refused = town.arrive_as(key, &departure.browser, &back, None).await.unwrap_err();
    assert_eq!(refused.fault.code, "federation.expired");

    // A provider that asks nobody who is signed in there.
    town.simulator.behave(Provider::Vneid, Behaviour::AsksNobodyAnew);
    let now = town.ops.now().timestamp();
    for (since, expected) in [(now - 3_600, Some("federation.not_shown_anew")), (now, None)] {
        let departure = town.depart_for(Provider::Vneid, purpose).await;
        let back = town.answer_unasked(Provider::Vneid, &departure, NGAN, since).await;
        let arrived = town.arrive_as(key, &departure.browser, &back, Some(account)).await;
        assert_eq!(arrived.err().map(|refused| refused.fault.code), expected);
    }
}

// shows: R028
#[tokio::test]
async fn links_are_told_to_their_owner_and_erased_unless_nothing_else_opens_the_account() {
    let town = Town::new().await;
    let account = town.settled(NGAN, "congdan").await;
    town.come(Provider::Vneid, NGAN).await;
    let desk = town.enter("congdan").await;
    assert_eq!(unlink(&town, &desk, Provider::Vneid).await, Ok(()));
    let alone = town.come(Provider::Vneid, DIEP).await;
    let whom = |actor: &kernel::Actor| op::Whom {
        person: actor.person().unwrap(),
        account: actor.account(),
    };
    let mut op = town.op(&kernel::Actor::System("test")).await;
    let permit = op
        .allow("privacy.extract", "person:test", op::Decision::Follows)
        .await
        .unwrap();
    let told = town
        .federation
        .tell(&mut op, &permit, &whom(&desk.actor), 10)
        .await
        .unwrap();
    assert_eq!((told[0].part.as_str(), told[0].items.len()), ("links", 1));
    assert_eq!(told[0].items[0]["provider"], "vneid");
    assert!(told[0].items[0]["ended_at"].is_string() && told[0].items[0]["subject"].is_string());
    let forgotten = town
        .federation
        .forget(&mut op, &permit, &whom(&desk.actor))
        .await
        .unwrap();
    assert_eq!(forgotten, [op::Forgotten::gone("links", 1)]);
    // The only way in stays, and is named.
    let forgotten = town
        .federation
        .forget(&mut op, &permit, &whom(&alone.actor))
        .await
        .unwrap();
    assert_eq!(
        forgotten,
        [op::Forgotten::gone("links", 0), op::Forgotten::kept("ways")]
    );
    op.commit().await.unwrap();
    assert_eq!(town.count("SELECT count(*) FROM federation.link").await, 1);
    assert_eq!(desk.actor.account(), Some(account));
    assert_eq!(town.federation.engine(), "federation");
}

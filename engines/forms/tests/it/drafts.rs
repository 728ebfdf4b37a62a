//! Whose a draft is, how it begins and how it ends.

use chrono::TimeDelta;
use db::PageRequest;
use forms::{Applicant, Channel, NewDraft};
use kernel::{Actor, DraftId, FaultKind};
use serde_json::{Value, json};

use crate::town::{FORM, Town, citizen, clerk, definition, raw, with_role};

async fn entries(town: &Town, action: &str) -> Vec<(String, String)> {
    sqlx::query_as("SELECT subject, detail::text FROM op.audit_entry WHERE action = $1 ORDER BY id")
        .bind(action)
        .fetch_all(&town.scratch.pool)
        .await
        .expect("the audit trail")
}

// shows: R028
#[tokio::test]
async fn nobody_but_the_holder_sees_a_draft_and_attempts_are_recorded() {
    let (town, me, other) = (Town::new().await, citizen(), citizen());
    let id = town.start(&me).await.id;
    for stranger in [other.clone(), clerk(), Actor::Anonymous, Actor::System("test")] {
        let fault = town.see(&stranger, id).await.expect_err("not theirs");
        assert_eq!((fault.kind, fault.code), (FaultKind::NotFound, "forms.draft_not_found"));
    }
    let fault = town.page(&other, id, "kind").await.expect_err("not theirs");
    assert_eq!(fault.code, "forms.draft_not_found");
    let fault = town
        .save(&other, id, "kind", &raw([("kind", "birth")]))
        .await
        .expect_err("not theirs");
    assert_eq!(fault.code, "forms.draft_not_found");
    let mut op = town.op(&other).await;
    for fault in [
        town.forms.submission(&mut op, id).await.expect_err("not theirs"),
        town.forms
            .close(&mut op, id, "dossier:1")
            .await
            .expect_err("not theirs"),
        town.forms.discard(&mut op, id).await.expect_err("not theirs"),
        town.forms
            .detach(&mut op, id, kernel::FileId::new())
            .await
            .expect_err("not theirs"),
    ] {
        assert_eq!(fault.code, "forms.draft_not_found");
    }
    drop(op);
    let refused = entries(&town, "op.refused").await;
    assert_eq!(refused.len(), 10);
    assert!(refused.iter().all(|(subject, _)| *subject == forms::holder(id)));
    // What does not exist cannot be told from what is not theirs.
    let fault = town.see(&me, DraftId::new()).await.expect_err("nothing");
    assert_eq!(fault.code, "forms.draft_not_found");
    assert!(town.see(&me, id).await.is_ok());
}

#[tokio::test]
async fn who_may_begin_and_how_often() {
    let (town, me) = (Town::new().await, citizen());
    let new = |channel, form: &str, context| NewDraft {
        app: "demo".into(),
        form: form.into(),
        channel,
        applicant: Applicant::default(),
        context,
    };
    for (actor, channel, form, context, code) in [
        (Actor::Anonymous, Channel::Online, "apply", Value::Null, "forms.sign_in"),
        (me.clone(), Channel::Counter, "apply", Value::Null, "forms.channel"),
        (clerk(), Channel::Online, "apply", Value::Null, "forms.channel"),
        (
            with_role("specialist"),
            Channel::Counter,
            "apply",
            Value::Null,
            "forms.clerks_only",
        ),
        (
            with_role("admin"),
            Channel::Post,
            "apply",
            Value::Null,
            "forms.clerks_only",
        ),
        (
            me.clone(),
            Channel::Online,
            "nonsense",
            Value::Null,
            "forms.form_not_found",
        ),
        (
            me.clone(),
            Channel::Online,
            "apply",
            json!({ "much": "x".repeat(20_000) }),
            "forms.context_too_large",
        ),
        (
            me.clone(),
            Channel::Online,
            "apply",
            json!([1]),
            "forms.context_too_large",
        ),
    ] {
        let mut op = town.op(&actor).await;
        let fault = town
            .forms
            .start_draft(&mut op, new(channel, form, context))
            .await
            .expect_err(code);
        assert_eq!(fault.code, code);
    }
    let mut op = town.op(&me).await;
    for _ in 0..30 {
        town.forms
            .start_draft(&mut op, new(Channel::Online, "apply", Value::Null))
            .await
            .expect("begun");
    }
    let fault = town
        .forms
        .start_draft(&mut op, new(Channel::Online, "apply", Value::Null))
        .await
        .expect_err("too many");
    assert_eq!(
        (fault.code, fault.params["most"].as_str()),
        ("forms.too_many_drafts", "30")
    );
    let counter = town.start(&clerk()).await;
    assert_eq!(
        (counter.channel, &counter.context["agency"]),
        (Channel::Counter, &json!("H30.29.01"))
    );
    assert_eq!(counter.context["applicant"]["full_name"], "Nguyễn Thị Mẫu");
}

#[tokio::test]
async fn own_open_drafts_are_listed_page_by_page() {
    let (town, me) = (Town::new().await, citizen());
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(town.start(&me).await.id);
        town.scratch.clock.advance(TimeDelta::minutes(1));
    }
    town.start(&citizen()).await;
    let filled = town.filled(&me).await;
    let mut op = town.op(&me).await;
    let first = town
        .forms
        .drafts(&mut op, &PageRequest::new(None, Some(2)))
        .await
        .expect("a page");
    assert_eq!((first.items[0].id, first.items[1].id), (filled, ids[2]));
    assert_eq!(first.items[0].subject_hint.as_deref(), Some("Nguyễn Thị Mẫu"));
    assert_eq!((first.items[0].passed, first.items[0].pages), (4, 4));
    assert_eq!((first.items[1].passed, first.items[1].subject_hint.as_ref()), (0, None));
    let second = town
        .forms
        .drafts(&mut op, &PageRequest::new(first.next, Some(2)))
        .await
        .expect("a page");
    assert_eq!(
        second.items.iter().map(|card| card.id).collect::<Vec<_>>(),
        [ids[1], ids[0]]
    );
    assert_eq!(second.next, None);
    drop(op);
    let mut op = town.op(&Actor::Anonymous).await;
    let fault = town
        .forms
        .drafts(&mut op, &PageRequest::first())
        .await
        .expect_err("nobody");
    assert_eq!(fault.code, "forms.sign_in");
}

#[tokio::test]
async fn a_draft_is_closed_once() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.filled(&me).await;
    let submission = town.submission(&me, id).await;
    assert!(submission.faults.is_empty() && submission.draft.next.is_none());
    let mut op = town.op(&me).await;
    town.forms.close(&mut op, id, "dossier:1").await.expect("closed");
    op.commit().await.expect("committed");
    let mut op = town.op(&me).await;
    town.forms
        .close(&mut op, id, "dossier:1")
        .await
        .expect("the same again");
    for fault in [
        town.forms.close(&mut op, id, "dossier:2").await.expect_err("another"),
        town.forms
            .save_page(&mut op, id, "kind", &raw([("kind", "birth")]))
            .await
            .expect_err("closed"),
        town.forms.page(&mut op, id, "kind").await.expect_err("closed"),
        town.forms.discard(&mut op, id).await.expect_err("closed"),
    ] {
        assert_eq!((fault.kind, fault.code), (FaultKind::Conflict, "forms.draft_closed"));
        assert_eq!(fault.params["subject"], "dossier:1");
    }
    assert!(
        town.forms
            .drafts(&mut op, &PageRequest::first())
            .await
            .expect("a page")
            .items
            .is_empty()
    );
    drop(op);
    assert_eq!(
        town.see(&me, id).await.expect("seen").subject.as_deref(),
        Some("dossier:1")
    );
    assert_eq!(entries(&town, "forms.draft_closed").await.len(), 1);
}

#[tokio::test]
async fn two_closings_at_once_make_one() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.filled(&me).await;
    let close = async |subject: &str| {
        let mut op = town.op(&me).await;
        town.forms.close(&mut op, id, subject).await?;
        op.commit().await
    };
    let (one, two) = tokio::join!(close("dossier:1"), close("dossier:2"));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
}

#[tokio::test]
async fn what_was_not_looked_at_is_told() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let faults = town.submission(&me, id).await.faults;
    let told: Vec<(&str, &str, &str)> = faults
        .iter()
        .map(|fault| (fault.page.as_str(), fault.field.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("kind", "kind", "forms.field.choose"),
            ("who", "full_name", "forms.field.required"),
            ("who", "born", "forms.field.required"),
            ("who", "home", "forms.field.required"),
            ("details", "copies", "forms.field.required"),
            ("papers", "", "forms.page_unseen"),
        ]
    );
}

#[tokio::test]
async fn an_open_draft_keeps_the_form_with_which_it_began() {
    let (town, me) = (Town::new().await, citizen());
    let first = definition(FORM).version();
    let id = town.start(&me).await.id;
    let second = town.publish(&FORM.replace("max: 20", "max: 5")).await;
    assert_ne!(first, second);
    assert_eq!(town.publish(&FORM.replace("max: 20", "max: 5")).await, second);
    town.pass(&me, id, "details", [("copies", "6")]).await;
    let draft = town.start(&me).await;
    assert_eq!(draft.form_version, second);
    let saved = town
        .save(&me, draft.id, "details", &raw([("copies", "6")]))
        .await
        .expect("saved");
    assert_eq!(saved.faults[0].code, "forms.field.max");
    // Another program reads the same from the database, and the first content can come back.
    let fresh = forms::Forms::new(town.files.clone(), town.identity.clone());
    let mut op = town.op(&me).await;
    let read = fresh.current(&mut op, "demo", "apply").await.expect("current");
    assert_eq!(read.version(), second);
    assert_eq!(
        *fresh.version(&mut op, "demo", "apply", &first).await.expect("kept"),
        definition(FORM)
    );
    assert_eq!(
        fresh.current(&mut op, "demo", "other").await.expect_err("no form").code,
        "forms.form_not_found"
    );
    drop(op);
    assert_eq!(town.publish(FORM).await, first);
    let mut op = town.op(&me).await;
    let fault = town
        .forms
        .publish(&mut op, "demo", &definition(FORM))
        .await
        .expect_err("a citizen");
    assert_eq!(fault.code, "forms.not_yours_to_publish");
    drop(op);
    let mut op = town.op(&Actor::System("apps")).await;
    let unknown = definition(&FORM.replace("ethnic_groups", "planets"));
    let fault = town
        .forms
        .publish(&mut op, "demo", &unknown)
        .await
        .expect_err("no catalogue");
    assert_eq!(
        (fault.code, fault.params["catalogue"].as_str()),
        ("forms.catalogue_unknown", "planets")
    );
}

#[tokio::test]
async fn drafts_that_nobody_touches_go_away() {
    let (town, me) = (Town::new().await, citizen());
    let (old, touched) = (town.start(&me).await.id, town.start(&me).await.id);
    town.scratch.clock.advance(TimeDelta::days(89));
    town.pass(&me, touched, "kind", [("kind", "birth")]).await;
    let mut jobs = op::Jobs::new();
    forms::register(&mut jobs, &town.forms);
    let jobs = jobs.only(forms::EXPIRE);
    for _ in 0..2 {
        op::begin_recurring(&town.scratch.ops, &jobs).await.expect("begun");
    }
    assert_eq!(op::drain(&town.scratch.ops, &jobs).await.expect("drained"), 1);
    assert!(town.see(&me, old).await.is_ok());
    town.scratch.clock.advance(TimeDelta::days(2));
    assert_eq!(op::drain(&town.scratch.ops, &jobs).await.expect("drained"), 1);
    assert_eq!(
        town.see(&me, old).await.expect_err("gone").code,
        "forms.draft_not_found"
    );
    assert!(town.see(&me, touched).await.is_ok());
    let removed = entries(&town, "forms.draft_removed").await;
    assert_eq!(removed.len(), 1);
    assert!(removed[0].1.contains("expired"));
    let mut op = town.op(&me).await;
    let fault = town.forms.expire(&mut op).await.expect_err("a citizen");
    assert_eq!(fault.code, "forms.not_yours_to_remove");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_presses_at_once_begin_one_draft() {
    let town = std::sync::Arc::new(Town::new().await);
    let me = citizen();
    let new = |context| NewDraft {
        app: "demo".into(),
        form: "apply".into(),
        channel: Channel::Online,
        applicant: Applicant::default(),
        context,
    };
    let begin = async |town: &Town, actor: &Actor, context| {
        let mut op = town.op(actor).await;
        let begun = town.forms.begin_draft(&mut op, new(context)).await.expect("begun").id;
        op.commit().await.expect("committed");
        begun
    };
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (town, me, new) = (town.clone(), me.clone(), new(json!({})));
        running.spawn(async move {
            let mut op = town.op(&me).await;
            let begun = town.forms.begin_draft(&mut op, new).await.expect("begun").id;
            op.commit().await.expect("committed");
            begun
        });
    }
    let begun = running.join_all().await;
    assert!(begun.iter().all(|id| *id == begun[0]), "{begun:?}");
    assert_eq!(entries(&town, "forms.draft_started").await.len(), 1);

    // For somebody else, by somebody else, or once something is in it, it is another draft.
    assert_ne!(begin(&town, &me, json!({ "person": "x" })).await, begun[0]);
    assert_ne!(begin(&town, &citizen(), json!({})).await, begun[0]);
    town.save(&me, begun[0], "kind", &raw([("kind", "birth")]))
        .await
        .expect("saved");
    assert_ne!(begin(&town, &me, json!({})).await, begun[0]);
}

//! The inbox of an official, and the list of results to hand over.

use std::collections::BTreeSet;

use dossiers::{InboxBox, InboxCounts, InboxFilter, InboxRow};
use kernel::Result;
use op::Op;
use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use super::show;
use crate::{House, words::Words};

/// The tab of what is late among the open tasks.
const LATE: &str = "late";

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo", Door::Official, inbox)
        .get("/can-bo/tra-ket-qua", Door::Official, hand_over)
}

async fn inbox(visit: Visit<House>) -> Answer {
    let asked = visit.query("hop").unwrap_or("open");
    let late = asked == LATE;
    let list = InboxBox::from_word(asked).unwrap_or_default();
    let filter = InboxFilter {
        list,
        app: visit.query("thu-tuc").map(ToOwned::to_owned),
        node: None,
        q: visit.query("q").map(ToOwned::to_owned),
        late,
    };
    let mut op = visit.look().await?;
    let page = visit
        .state
        .dossiers
        .inbox(&mut op, &filter, &visit.page_request())
        .await?;
    let counts = visit.state.dossiers.inbox_counts(&mut op).await?;
    let systems = show::systems(&visit, &mut op).await?;
    let now = op.now();
    drop(op);
    let current = if late { LATE } else { list.word() };
    let words = Words::new(&visit, "");
    let none = if filter.q.is_some() || filter.app.is_some() {
        "desk.inbox.none_found".to_owned()
    } else {
        format!("desk.inbox.none_{current}")
    };
    let list = List {
        path: "/can-bo",
        tab: current,
        filter: &filter,
        systems,
        next: page.next,
    };
    let mut content = list.content(&visit);
    content["title"] = json!(words.say("desk.inbox.title", []));
    content["lead"] = json!("");
    content["tabs"] = tabs(counts, current, &filter);
    content["items"] = rows(&visit, &page.items, now, filter.list == InboxBox::Waiting);
    content["now"] = json!(now);
    content["nothing"] = json!(words.say(&none, []));
    visit.page("portal/desk/inbox.html", content).await
}

/// Results that wait for their owners, at the step that hands them over.
async fn hand_over(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let systems = show::systems(&visit, &mut op).await?;
    let app = visit.query("thu-tuc").map(ToOwned::to_owned);
    let node = return_step(&visit, &mut op, app.as_deref(), &systems).await?;
    let filter = InboxFilter {
        list: InboxBox::All,
        app,
        node,
        q: visit.query("q").map(ToOwned::to_owned),
        late: false,
    };
    let page = match &filter.node {
        Some(_) => {
            visit
                .state
                .dossiers
                .inbox(&mut op, &filter, &visit.page_request())
                .await?
        }
        // Nothing is online, so there is nothing to hand over.
        None => db::Page {
            items: Vec::new(),
            next: None,
        },
    };
    let now = op.now();
    drop(op);
    let words = Words::new(&visit, "");
    let list = List {
        path: "/can-bo/tra-ket-qua",
        tab: "",
        filter: &filter,
        systems,
        next: page.next,
    };
    let mut content = list.content(&visit);
    content["title"] = json!(words.say("desk.hand_over.title", []));
    content["lead"] = json!(words.say("desk.hand_over.lead", []));
    content["tabs"] = json!([]);
    content["items"] = rows(&visit, &page.items, now, false);
    content["now"] = json!(now);
    content["nothing"] = json!(words.say("desk.hand_over.none", []));
    visit.page("portal/desk/inbox.html", content).await
}

/// The step that hands over. Systems that call it differently are looked at one by one: the chosen one, or the first.
async fn return_step(
    visit: &Visit<House>,
    op: &mut Op,
    app: Option<&str>,
    systems: &[(String, String)],
) -> Result<Option<String>> {
    let mut steps = BTreeSet::new();
    for (system, _) in systems.iter().filter(|(system, _)| app.is_none_or(|app| app == system)) {
        steps.insert(
            visit
                .state
                .dossiers
                .online(op, system)
                .await?
                .procedure
                .return_task
                .clone(),
        );
    }
    Ok(steps.pop_first())
}

/// What the filter and the pages of a list need.
struct List<'a> {
    path: &'a str,
    tab: &'a str,
    filter: &'a InboxFilter,
    systems: Vec<(String, String)>,
    next: Option<String>,
}

impl List<'_> {
    fn content(&self, visit: &Visit<House>) -> Value {
        let (q, app) = (
            self.filter.q.as_deref().unwrap_or_default(),
            self.filter.app.as_deref().unwrap_or_default(),
        );
        let at = |cursor: &str| {
            address(
                self.path,
                [("hop", self.tab), ("thu-tuc", app), ("q", q), ("sau", cursor)],
            )
        };
        let procedures: Vec<Value> = self
            .systems
            .iter()
            .map(|(app, name)| json!({ "value": app, "label": name }))
            .collect();
        let active = [q, app].iter().filter(|part| !part.is_empty()).count();
        json!({
            "action": self.path, "box": self.tab, "q": q, "app": app, "procedures": procedures,
            "active": active,
            "clear": address(self.path, [("hop", self.tab)]),
            "first": if visit.query("sau").is_some() { at("") } else { String::new() },
            "next": self.next.as_deref().map(at).unwrap_or_default(),
        })
    }
}

fn tabs(counts: InboxCounts, current: &str, filter: &InboxFilter) -> Value {
    let tabs = [
        ("open", counts.open),
        ("mine", counts.mine),
        ("waiting", counts.waiting),
        (LATE, counts.late),
        ("all", counts.all),
    ];
    tabs.map(|(key, count)| {
        let kept = [
            ("hop", key),
            ("thu-tuc", filter.app.as_deref().unwrap_or_default()),
            ("q", filter.q.as_deref().unwrap_or_default()),
        ];
        let more = count >= InboxCounts::MOST || key == "open" && counts.all >= InboxCounts::MOST;
        json!({ "key": key, "count": count, "more": more, "current": key == current, "href": address("/can-bo", kept) })
    })
    .into()
}

fn rows(visit: &Visit<House>, rows: &[InboxRow], now: chrono::DateTime<chrono::Utc>, waiting: bool) -> Value {
    rows.iter()
        .map(|row| {
            let words = Words::new(visit, &row.app);
            // The nearer of both is what the official works against.
            let due = [row.task_due_at, row.due_at].into_iter().flatten().min();
            let tone = match due {
                _ if waiting => "calm",
                Some(due) if due < now => "error",
                Some(due) if (due - now).num_minutes() < 1440 => "warning",
                _ => "calm",
            };
            json!({
                "href": format!("/can-bo/viec/{}", row.task), "code": row.code, "title": row.title, "owner_name": row.owner_name,
                "procedure": words.app("short_name"), "step": words.app(&format!("steps.{}", row.node)), "mine": row.mine,
                "assignee_name": row.assignee_name, "plain": row.plain, "due": due, "tone": tone, "waiting": waiting,
            })
        })
        .collect()
}

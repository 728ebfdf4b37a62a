//! The quality of one register: the four figures with what they mean, how they went, why they are so, what the values are like.

use registry::definition::{FieldDefinition, RecordDefinition};
use registry::{FieldProfile, Figure, Figures, Quality, TwinState};
use serde_json::{Value, json};
use web::{Answer, Door, Fields, Routes, Visit, address};

use super::{OVERVIEW, count, field_label, part, reason, share, tone};
use crate::House;
use crate::registers::lookups::{FilesOf, Lookups};
use crate::registers::show::Show;
use crate::registers::{Shown, agency_name};
use crate::words::Words;

/// The width and height of the drawing of the trend.
const WIDTH: usize = 600;
const HEIGHT: usize = 160;

pub(super) fn routes() -> Routes<House> {
    Routes::new()
        .get("/can-bo/co-so-du-lieu/{register}/chat-luong", Door::Official, show)
        .post(
            "/can-bo/co-so-du-lieu/{register}/chat-luong",
            Door::Right("registry.measure"),
            measure,
        )
}

async fn measure(visit: Visit<House>, _: Fields) -> Answer {
    let register = visit.param("register").to_owned();
    let mut op = visit.op().await?;
    visit.state.registry.measure(&mut op, &register).await?;
    op.commit().await?;
    let path = format!("{}/chat-luong", crate::registers::Side::Desk.register(&register));
    visit.redirect(address(&path, [("da", "register_measure_asked")]))
}

async fn show(visit: Visit<House>) -> Answer {
    let mut op = visit.look().await?;
    let shown = Shown::read(&visit, &mut op).await?;
    let registry = &visit.state.registry;
    let quality = registry.quality(&mut op, shown.key()).await?;
    let definition = shown.published.definition.clone();
    let named: registry::Values = quality
        .profile
        .iter()
        .flat_map(|profile| profile.frequent.iter().map(move |value| (profile.field.clone(), value)))
        .map(|(field, value)| (field, json!(value.value)))
        .collect();
    let mut lookups = Lookups::of(&visit, &mut op, &definition, &[&named], FilesOf::Nothing).await?;
    lookups
        .add_frequent(&visit, &mut op, &definition, &quality.profile)
        .await?;
    let page = db::PageRequest::new(None, Some(1));
    let twins = registry.twins(&mut op, shown.key(), TwinState::Open, &page).await?;
    let owner = agency_name(&visit, &mut op, quality.owner).await?;
    let code = visit
        .state
        .identity
        .agency_in_charge(&mut op, quality.owner)
        .await?
        .code;
    drop(op);
    let words = &shown.words;
    let show = Show {
        words,
        lookups: &lookups,
        side: shown.side,
    };
    let newest = quality.trend.first();
    let mut content = shown.head();
    content["path"] = json!(format!("{}/chat-luong", shown.href()));
    content["overview"] = json!(OVERVIEW);
    content["owner"] = json!({ "name": owner, "href": format!("/co-quan/{code}") });
    content["measures"] = json!(quality.measures);
    content["running"] = json!(quality.running);
    content["at"] = json!(newest.map(|figures| figures.at));
    content["records"] = json!(newest.map(|figures| count(words, figures.records)));
    content["fields"] = json!(newest.map(|figures| figures.fields));
    content["partly"] = json!(newest.is_some_and(|figures| figures.partly));
    content["figures"] = json!(newest.map(|figures| figure_cards(words, figures)));
    content["meanings"] = json!(newest.map(|figures| meanings(words, &definition, figures)));
    content["trend"] = trend(words, &quality.trend);
    content["reasons"] = reasons(&shown, &quality);
    content["profile"] = profile(words, &definition, &show, &quality, newest);
    content["twins"] = json!(!twins.items.is_empty());
    content["has_ways"] = json!(!definition.duplicates.is_empty());
    visit.page("portal/registers/quality/register.html", content).await
}

fn figure_cards(words: &Words, figures: &Figures) -> Vec<Value> {
    let card = |figure: &Figure| {
        json!({
            "label": words.say(&format!("registers_quality.figure.{}", figure.as_str()), []),
            "value": share(words, figures, *figure), "tone": figures.share(*figure).map(tone),
        })
    };
    Figure::ALL.iter().map(card).collect()
}

/// What each figure means here, with what it was counted of.
fn meanings(words: &Words, definition: &RecordDefinition, figures: &Figures) -> Vec<Value> {
    let meaning = |figure: Figure| {
        let key = figure.as_str();
        let text = match (figures.of(figure), figure) {
            (None, _) => words.say(&format!("registers_quality.undeclared.{key}"), []),
            (Some(good), Figure::Complete) => words.say(
                "registers_quality.meaning.complete",
                [
                    ("good", count(words, good)),
                    ("records", count(words, figures.records)),
                    ("filled", part(words, figures.filled, figures.fillable)),
                ],
            ),
            (Some(good), Figure::Live) => {
                let fresh = definition.fresh.as_ref();
                let by = fresh.and_then(|fresh| fresh.by.as_deref());
                let by = match by {
                    Some(field) => field_label(words, definition, field),
                    None => words.say("registers_quality.by_record", []),
                };
                words.say(
                    "registers_quality.meaning.live",
                    [
                        ("good", count(words, good)),
                        ("records", count(words, figures.records)),
                        ("days", fresh.map(|fresh| fresh.days.to_string()).unwrap_or_default()),
                        ("by", by),
                    ],
                )
            }
            (Some(good), _) => words.say(
                &format!("registers_quality.meaning.{key}"),
                [("good", count(words, good)), ("records", count(words, figures.records))],
            ),
        };
        json!({ "key": words.say(&format!("registers_quality.figure.{key}"), []), "value": text })
    };
    Figure::ALL.into_iter().map(meaning).collect()
}

/// The days as a table, and as lines where there are several.
fn trend(words: &Words, trend: &[Figures]) -> Value {
    let column = |key: &str, number: bool| json!({ "label": words.say(&format!("registers_quality.{key}"), []), "number": number });
    let mut columns = vec![column("day", false), column("records", true)];
    columns.extend(
        Figure::ALL
            .iter()
            .map(|figure| column(&format!("figure.{}", figure.as_str()), true)),
    );
    let row = |figures: &Figures| {
        let day = kernel::format_date(kernel::local_date(figures.at));
        let mut cells = vec![json!(day), json!(count(words, figures.records))];
        cells.extend(Figure::ALL.iter().map(|figure| json!(share(words, figures, *figure))));
        json!({ "cells": cells })
    };
    let lines = Figure::ALL.into_iter().enumerate().filter_map(|(place, figure)| {
        let points = points(trend, figure)?;
        Some(json!({
            "name": words.say(&format!("registers_quality.figure.{}", figure.as_str()), []),
            "points": points, "dashes": (["", "8 4", "2 4", "12 4 2 4"][place]),
        }))
    });
    let lines: Vec<Value> = lines.collect();
    json!({
        "columns": columns, "rows": trend.iter().map(row).collect::<Vec<_>>(),
        "lines": if trend.len() > 1 { lines } else { Vec::new() }, "width": WIDTH, "height": HEIGHT,
    })
}

/// Where a figure stood, day by day, the oldest at the left; nothing where it was not measured every day.
fn points(trend: &[Figures], figure: Figure) -> Option<String> {
    let shares: Vec<u64> = trend
        .iter()
        .rev()
        .map(|figures| figures.share(figure))
        .collect::<Option<_>>()?;
    let step = WIDTH.checked_div(shares.len().saturating_sub(1))?;
    let points = shares.iter().enumerate().map(|(place, share)| {
        let below = usize::try_from(1_000 - share.min(&1_000)).unwrap_or_default();
        format!("{},{}", place * step, below * HEIGHT / 1_000)
    });
    Some(points.collect::<Vec<_>>().join(" "))
}

fn reasons(shown: &Shown, quality: &Quality) -> Value {
    let words = &shown.words;
    let definition = &shown.published.definition;
    let column = |key: &str, number: bool| json!({ "label": words.say(&format!("registers_quality.{key}"), []), "number": number });
    let row = |of: &registry::ReasonCount| {
        let own = &of.reason;
        let pairs = [
            ("loai", own.sort.as_str()),
            ("truong", own.field.as_str()),
            ("quy-tac", own.rule.as_str()),
        ];
        let href = address(
            &format!("{}/chua-dat", shown.href()),
            pairs.into_iter().filter(|(_, value)| !value.is_empty()),
        );
        json!({ "cells": [
            { "text": reason(words, definition, own), "href": href },
            field_label(words, definition, &own.field),
            words.say(&format!("registers_quality.sort.{}", own.sort.as_str()), []),
            count(words, of.records),
        ] })
    };
    json!({
        "columns": [column("reason", false), column("field", false), column("counts_in", false), column("records", true)],
        "rows": quality.reasons.iter().map(row).collect::<Vec<_>>(),
    })
}

fn profile(
    words: &Words,
    definition: &RecordDefinition,
    show: &Show<'_>,
    quality: &Quality,
    newest: Option<&Figures>,
) -> Value {
    let column = |key: &str, number: bool| json!({ "label": words.say(&format!("registers_quality.{key}"), []), "number": number });
    let records = newest.map(|figures| figures.records).unwrap_or_default();
    let row = |profile: &FieldProfile| {
        let field = definition.field(&profile.field)?;
        Some(json!({ "cells": [
            field.words.in_language(words.language()),
            words.say("registers_quality.filled_of", [
                ("count", count(words, profile.filled)), ("part", part(words, profile.filled, records)),
            ]),
            distinct(words, profile),
            ends(words, field, show, profile),
            outliers(words, field, show, profile),
            frequent(words, field, show, profile),
        ] }))
    };
    json!({
        "columns": [
            column("field", false), column("filled", true), column("distinct", true), column("ends", false), column("outliers", false),
            column("frequent", false),
        ],
        "rows": quality.profile.iter().filter_map(row).collect::<Vec<_>>(),
    })
}

fn distinct(words: &Words, profile: &FieldProfile) -> String {
    match (profile.distinct, profile.distinct_exact) {
        (None, _) => words.say("registers_quality.sealed", []),
        (Some(number), true) => count(words, number),
        (Some(number), false) => words.say("registers_quality.about", [("count", count(words, number))]),
    }
}

/// From the least to the greatest value, or from the shortest to the longest text.
fn ends(words: &Words, field: &FieldDefinition, show: &Show<'_>, profile: &FieldProfile) -> String {
    if let (Some(least), Some(most)) = (&profile.least, &profile.most) {
        let shown = |value: &Value| match value.as_str().map(|day| day.parse::<chrono::NaiveDate>()) {
            Some(Ok(day)) => kernel::format_date(day),
            _ => show.line(field, value),
        };
        return words.say(
            "registers_quality.from_to",
            [("from", shown(least)), ("to", shown(most))],
        );
    }
    match (profile.shortest, profile.longest) {
        (Some(shortest), Some(longest)) => words.say(
            "registers_quality.letters",
            [("from", shortest.to_string()), ("to", longest.to_string())],
        ),
        _ => String::new(),
    }
}

fn outliers(words: &Words, field: &FieldDefinition, show: &Show<'_>, profile: &FieldProfile) -> String {
    match (profile.outliers, profile.quarters.as_slice()) {
        (Some(number), [first, _, third]) => words.say(
            "registers_quality.outliers_of",
            [
                ("count", count(words, number)),
                ("first", show.line(field, first)),
                ("third", show.line(field, third)),
            ],
        ),
        _ => String::new(),
    }
}

fn frequent(words: &Words, field: &FieldDefinition, show: &Show<'_>, profile: &FieldProfile) -> String {
    let each = profile.frequent.iter().map(|value| {
        let read = match value.value.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            text if crate::registers::show::is_number(field) => serde_json::from_str(text).unwrap_or(json!(text)),
            text => json!(text),
        };
        let key = if value.at_least { "at_least" } else { "times" };
        words.say(
            &format!("registers_quality.{key}"),
            [
                ("value", show.line(field, &read)),
                ("count", count(words, value.records)),
            ],
        )
    });
    each.collect::<Vec<_>>().join("; ")
}

impl Lookups {
    /// What the most frequent values mean, beyond the one of each field that is looked up already.
    async fn add_frequent(
        &mut self,
        visit: &Visit<House>,
        op: &mut op::Op,
        definition: &RecordDefinition,
        profile: &[FieldProfile],
    ) -> kernel::Result<()> {
        for place in 0..profile.iter().map(|own| own.frequent.len()).max().unwrap_or_default() {
            let values: registry::Values = profile
                .iter()
                .filter_map(|own| Some((own.field.clone(), json!(own.frequent.get(place)?.value))))
                .collect();
            let more = Self::of(visit, op, definition, &[&values], FilesOf::Nothing).await?;
            self.wards.extend(more.wards);
            self.agencies.extend(more.agencies);
            for (register, titles) in more.titles {
                self.titles.entry(register).or_default().extend(titles);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(correct: u64, live: Option<u64>) -> Figures {
        Figures {
            at: "2026-11-30T01:00:00Z".parse().unwrap(),
            records: 1_000,
            correct,
            complete: 1_000,
            clean: None,
            live,
            filled: 0,
            fillable: 0,
            fields: 3,
            partly: false,
        }
    }

    #[test]
    fn lines_go_from_the_oldest_day_to_the_newest() {
        let trend = [figures(500, None), figures(750, Some(9)), figures(1_000, Some(9))];
        assert_eq!(points(&trend, Figure::Correct).unwrap(), "0,0 300,40 600,80");
        assert_eq!(points(&trend, Figure::Live), None, "not measured every day");
        assert_eq!(points(&trend[..1], Figure::Correct), None);
    }

    #[test]
    fn tones_follow_the_share() {
        assert_eq!(
            [tone(1_000), tone(950), tone(949), tone(800), tone(799)],
            ["success", "success", "warning", "warning", "error"]
        );
    }
}

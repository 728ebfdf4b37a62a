//! How long a run over a large register takes, and that it comes in pieces. By hand:
//! `RECORDS=100000 cargo nextest run -p registry -E 'test(a_large_register)' --no-capture`.

use std::time::Instant;

use registry::{Given, Keep};
use serde_json::json;

use crate::town::{Town, given};

const FAMILY: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi"];
const MIDDLE: [&str; 10] = [
    "Văn", "Thị", "Hữu", "Ngọc", "Minh", "Thanh", "Kim", "Quốc", "Hoàng", "Mỹ",
];
const GIVEN: [&str; 16] = [
    "An", "Bình", "Châu", "Dũng", "Đào", "Giang", "Hạnh", "Khoa", "Lan", "Mai", "Nam", "Oanh", "Phúc", "Quyên", "Sơn",
    "Tâm",
];

/// A register that is larger than one stretch, with alike names in three wards: one thousand unless `RECORDS` says otherwise.
#[tokio::test]
async fn a_large_register_is_measured_piece_by_piece() {
    let records: usize = std::env::var("RECORDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000);
    let town = Town::with_firms().await;
    let owner = town.owner();
    let began = Instant::now();
    let row = |number: usize| {
        let pick = |list: &[&str], by: usize| list[number / by % list.len()].to_owned();
        let name = format!(
            "Cơ sở {} {} {} {}",
            pick(&FAMILY, 1),
            pick(&MIDDLE, 8),
            pick(&GIVEN, 80),
            pick(&["Thịnh", "Phát", "Lợi", "Hưng"], 1_280),
        );
        json!({
            "code": format!("F{number:06}"), "name": name, "ward": (["31340", "31341", "31318"][number % 3]),
            "capital": 1_000_000 * (number % 997), "started_on": "2020-01-01", "checked_on": if number.is_multiple_of(10) { "2020-01-01" } else { "2026-02-01" },
            "keeper": format!("0930{:02}{:06}", 60 + number % 39, number),
        })
    };
    for first in (0..records).step_by(2_000) {
        let rows = (first..records.min(first + 2_000)).map(|number| Given {
            number: number as u64,
            fields: given(row(number)),
            from: None,
            to: None,
        });
        let mut op = town.op(&owner).await;
        let taken = town
            .registry
            .take_over(&mut op, "firm", rows.collect(), Keep::Sealed)
            .await
            .unwrap();
        assert_eq!(taken.bad.len(), 0, "{:?}", taken.bad.first());
        op.commit().await.unwrap();
    }
    println!("{records} records entered in {:?}", began.elapsed());
    let began = Instant::now();
    town.measure(&owner, "firm").await;
    println!("measured in {:?}", began.elapsed());
    let figures = town.figures(&owner, "firm").await;
    println!("{figures:?}");
    assert_eq!(figures.records, records as u64);
    assert_eq!(figures.live, Some((records - records.div_ceil(10)) as u64));
    let pairs: i64 = sqlx::query_scalar("SELECT count(*) FROM registry.twin")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    println!("{pairs} pairs");
}

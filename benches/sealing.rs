//! What sealing costs: an answer set sealed and opened, the keyed hash of a number, against the cipher alone. `cargo bench -p vault --bench sealing`;
//! `SECONDS` changes the run of each figure.

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use kernel::{Clock, SystemClock};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};
use vault::{Sealed, Vault};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// About as much as a form of twenty questions.
fn answers() -> Value {
    let address = json!({ "ward": "31340", "ward_name": "Phường Ngã Bảy", "district": "Thành phố Ngã Bảy", "detail": "số 5, khu vực 1" });
    let fields = (0..20).map(|n| {
        let value = match n % 4 {
            0 => json!("Nguyễn Thị Mẫu"),
            1 => json!("093190000017"),
            2 => address.clone(),
            _ => json!(n),
        };
        (format!("requester_field_{n}"), value)
    });
    json!({ "answers": Value::Object(fields.collect()), "result_data": {}, "owner_number": "093190000017", "phone": "0912345678" })
}

/// Microseconds a turn.
fn measure(what: &str, mut turn: impl FnMut() -> Outcome) -> Outcome<f64> {
    let seconds = std::env::var("SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2);
    let (begin, mut turns) = (Instant::now(), 0_u32);
    while begin.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..100 {
            turn()?;
        }
        turns += 100;
    }
    let each = begin.elapsed().as_secs_f64() * 1e6 / f64::from(turns);
    println!("{what}: {each:.2} µs, {:.0} a second", 1e6 / each);
    Ok(each)
}

fn main() -> Outcome {
    let folder = std::env::temp_dir().join(format!("ngabay-sealing-{}", std::process::id()));
    let vault = Vault::open(&folder, SystemClock.now())?;
    let (column, row, answers) = (
        Sealed("dossiers.case"),
        "dossier:0191f0c4-7b1e-7c3a-9d2f-0123456789ab",
        answers(),
    );
    let plain = serde_json::to_vec(&answers)?;
    println!("{} bytes of JSON", plain.len());
    let sealed = column.seal(&vault, row, &answers)?;
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| "a key")?);
    let alone = measure("the cipher alone", || {
        let mut text = plain.clone();
        let nonce = Nonce::assume_unique_for_key([1; 12]);
        cipher
            .seal_in_place_append_tag(nonce, Aad::empty(), black_box(&mut text))
            .map_err(|_| "sealed".into())
    })?;
    let written = measure("JSON written and read", || {
        let text = serde_json::to_vec(black_box(&answers))?;
        black_box(serde_json::from_slice::<Value>(&text)?);
        Ok(())
    })?;
    let seal = measure("an answer set sealed", || {
        black_box(column.seal(&vault, row, black_box(&answers))?);
        Ok(())
    })?;
    let open = measure("an answer set opened", || {
        black_box(column.open::<Value>(&vault, row, black_box(&sealed))?);
        Ok(())
    })?;
    measure("the keyed hash of a number, under every key", || {
        black_box(vault.tags("identity.number", "person", black_box(b"093190000017"))?);
        Ok(())
    })?;
    println!(
        "seal and open beside cipher and JSON: {:.1}",
        (seal + open) / (2.0 * alone + written)
    );
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

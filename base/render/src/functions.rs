use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Output, State, Value, escape_formatter, value::Kwargs};

use crate::{AssetManifest, Locale, Params, Texts, qr};

/// Adds the functions that templates call: `t(key, name=value…)`, `error_text(code, params={})`, `asset(name)`,
/// `qr(text)`, and the global `locale`.
pub(crate) fn add(
    environment: &mut Environment<'static>,
    locale: Locale,
    texts: &Arc<Texts>,
    assets: &Arc<AssetManifest>,
) {
    let words = Arc::clone(texts);
    environment.add_function("t", move |key: &str, kwargs: Kwargs| -> Result<Value, Error> {
        let mut params = Params::new();
        for name in kwargs.args() {
            let value: Value = kwargs.get(name)?;
            if value.is_undefined() {
                return Err(Error::new(
                    ErrorKind::UndefinedError,
                    format!("t({key:?}): {name} is undefined"),
                ));
            }
            params.insert(
                name.to_owned(),
                if value.is_none() {
                    String::new()
                } else {
                    value.to_string()
                },
            );
        }
        // Only texts that are markup skip the escaping of the output, and then their values are escaped here.
        Ok(if key.ends_with("_html") {
            Value::from_safe_string(words.filled(locale, key, &params, escaped))
        } else {
            Value::from(words.get(locale, key, &params))
        })
    });
    let words = Arc::clone(texts);
    environment.add_function(
        "error_text",
        move |code: &str, params: Option<&Value>| -> Result<String, Error> {
            let mut known = Params::new();
            if let Some(params) = params.filter(|params| !params.is_none() && !params.is_undefined()) {
                for key in params.try_iter()? {
                    known.insert(key.to_string(), params.get_item(&key)?.to_string());
                }
            }
            Ok(words.error(locale, code, &known))
        },
    );
    let files = Arc::clone(assets);
    environment.add_function("asset", move |name: &str| files.address(name));
    environment.add_function("qr", |text: &str| {
        qr::svg(text)
            .map(Value::from_safe_string)
            .map_err(|fault| Error::new(ErrorKind::InvalidOperation, fault.to_string()))
    });
    environment.add_global("locale", locale.tag());
}

/// Prints a value into HTML. An absent optional value (Rust's `None`) prints nothing, where the default would print the
/// word "none". Texts are escaped for element content and quoted attributes; the default would also turn every slash
/// into a reference, which makes each link longer on a slow line and protects nothing.
pub(crate) fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    match value.as_str() {
        Some(text) if !value.is_safe() => out
            .write_str(&escaped(text))
            .map_err(|error| Error::new(ErrorKind::WriteFailure, error.to_string())),
        _ => escape_formatter(out, state, value),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

//! Tokens to the tree: a Pratt parser with the precedence of DMN 1.5.

use super::function::Function;
use super::lexer::{Lexed, Token, lex};
use super::syntax::{Arithmetic, Binding, Comparison, Domain, Expr, KEYWORDS, Kind, Place, Range, Test};
use super::{DEEPEST_EXPRESSION, FeelError, LONGEST_EXPRESSION_BYTES};
use crate::nearest::nearest;

/// Binding strength, weakest first.
const ANYTHING: u8 = 0;
const OR: u8 = 1;
const AND: u8 = 2;
const COMPARISON: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;
const POWER: u8 = 6;

/// Brackets and operands may nest this deep while parsing. Twice the depth of the tree: brackets are no nodes.
const DEEPEST_BRACKETS: usize = 2 * DEEPEST_EXPRESSION;

struct Parser {
    tokens: Vec<Lexed>,
    /// For every token: an opening bracket that directly holds `..`, so a range.
    ranges: Vec<bool>,
    next: usize,
    nesting: usize,
}

pub(super) fn parse(source: &str) -> Result<Expr, FeelError> {
    if source.len() > LONGEST_EXPRESSION_BYTES {
        let message = format!(
            "the expression has {} bytes, the limit is {LONGEST_EXPRESSION_BYTES}",
            source.len()
        );
        return Err(Place { line: 1, column: 1 }.error(message));
    }
    let tokens = lex(source)?;
    let ranges = find_ranges(&tokens);
    let mut parser = Parser {
        tokens,
        ranges,
        next: 0,
        nesting: 0,
    };
    let root = parser.expression(ANYTHING)?;
    match parser.peek() {
        Token::End => Ok(root),
        _ => Err(parser.unexpected("the end of the expression")),
    }
}

/// Tells ranges from lists and brackets beforehand, so that the parser never has to try twice. The `..` of a loop
/// (`for i in 1..3`) belongs to the loop.
fn find_ranges(tokens: &[Lexed]) -> Vec<bool> {
    let mut ranges = vec![false; tokens.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (place, lexed) in tokens.iter().enumerate() {
        match &lexed.token {
            Token::Mark("(" | "[" | "{") => open.push((place, false)),
            Token::Mark(")" | "]" | "}") => {
                open.pop();
            }
            Token::Mark("..") => {
                if let Some((bracket, false)) = open.last() {
                    ranges[*bracket] = true;
                }
            }
            Token::Name(word) if matches!(word.as_str(), "for" | "some" | "every") => {
                if let Some(bracket) = open.last_mut() {
                    bracket.1 = true;
                }
            }
            _ => {}
        }
    }
    ranges
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |lexed| &lexed.token)
    }

    fn place(&self) -> Place {
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .map_or(Place { line: 1, column: 1 }, |lexed| lexed.place)
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(next) if *next == mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(next) if next == word)
    }

    fn accept_mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        self.next += usize::from(found);
        found
    }

    fn expect_mark(&mut self, mark: &str) -> Result<(), FeelError> {
        if self.accept_mark(mark) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("'{mark}'")))
        }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), FeelError> {
        if self.is_word(word) {
            self.next += 1;
            return Ok(());
        }
        Err(self.unexpected(&format!("'{word}'")))
    }

    fn unexpected(&self, wanted: &str) -> FeelError {
        let found = match self.peek() {
            Token::End => "the expression ends".to_owned(),
            Token::Number(number) => format!("'{number}' stands"),
            Token::Text(_) => "a text stands".to_owned(),
            Token::Name(name) => format!("'{name}' stands"),
            Token::Mark(mark) => format!("'{mark}' stands"),
        };
        self.place().error(format!("expected {wanted}, but {found} here"))
    }

    fn expression(&mut self, weakest: u8) -> Result<Expr, FeelError> {
        self.nesting += 1;
        if self.nesting > DEEPEST_BRACKETS {
            return Err(self.place().error("the expression nests too deep"));
        }
        let parsed = self.operators(weakest);
        self.nesting -= 1;
        parsed
    }

    fn operators(&mut self, weakest: u8) -> Result<Expr, FeelError> {
        let mut left = self.prefix()?;
        let mut compared = false;
        while let Some(strength) = self.strength() {
            if strength < weakest {
                break;
            }
            if compared && strength >= COMPARISON {
                return Err(self
                    .place()
                    .error("write brackets: what follows a comparison is unclear"));
            }
            compared = strength == COMPARISON;
            let place = self.place();
            let kind = match strength {
                OR => Kind::Or(self.chain("or", OR, left)?),
                AND => Kind::And(self.chain("and", AND, left)?),
                COMPARISON => self.comparison(left)?,
                _ => {
                    let operator = match self.peek() {
                        Token::Mark("+") => Arithmetic::Add,
                        Token::Mark("-") => Arithmetic::Subtract,
                        Token::Mark("*") => Arithmetic::Multiply,
                        Token::Mark("/") => Arithmetic::Divide,
                        _ => Arithmetic::Power,
                    };
                    self.next += 1;
                    let right = self.expression(strength + 1)?;
                    Kind::Arithmetic(operator, Box::new(left), Box::new(right))
                }
            };
            left = node(place, kind)?;
        }
        Ok(left)
    }

    /// The strength of the operator that comes next, if one comes.
    fn strength(&self) -> Option<u8> {
        match self.peek() {
            Token::Mark("+" | "-") => Some(SUM),
            Token::Mark("*" | "/") => Some(PRODUCT),
            Token::Mark("**") => Some(POWER),
            Token::Mark("=" | "!=" | "<" | "<=" | ">" | ">=") => Some(COMPARISON),
            Token::Name(word) => match word.as_str() {
                "or" => Some(OR),
                "and" => Some(AND),
                "between" | "in" => Some(COMPARISON),
                _ => None,
            },
            _ => None,
        }
    }

    fn chain(&mut self, word: &str, strength: u8, first: Expr) -> Result<Vec<Expr>, FeelError> {
        let mut operands = vec![first];
        while self.is_word(word) {
            self.next += 1;
            operands.push(self.expression(strength + 1)?);
        }
        Ok(operands)
    }

    fn comparison(&mut self, left: Expr) -> Result<Kind, FeelError> {
        let left = Box::new(left);
        if self.is_word("between") {
            self.next += 1;
            let low = self.expression(SUM)?;
            self.expect_word("and")?;
            let high = self.expression(SUM)?;
            return Ok(Kind::Between(left, Box::new(low), Box::new(high)));
        }
        if self.is_word("in") {
            self.next += 1;
            return Ok(Kind::In(left, self.tests()?));
        }
        match self.comparison_sign() {
            Some(sign) => Ok(Kind::Compare(sign, left, Box::new(self.expression(SUM)?))),
            None => Err(self.unexpected("a comparison")),
        }
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        let sign = match self.peek() {
            Token::Mark("=") => Comparison::Equal,
            Token::Mark("!=") => Comparison::NotEqual,
            Token::Mark("<") => Comparison::Less,
            Token::Mark("<=") => Comparison::LessOrEqual,
            Token::Mark(">") => Comparison::Greater,
            Token::Mark(">=") => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.next += 1;
        Some(sign)
    }

    /// What stands right of `in`: one test, or several in brackets.
    fn tests(&mut self) -> Result<Vec<Test>, FeelError> {
        if !self.is_mark("(") || self.opens_range() {
            return Ok(vec![self.test(SUM)?]);
        }
        self.next += 1;
        let mut tests = vec![self.test(ANYTHING)?];
        while self.accept_mark(",") {
            tests.push(self.test(ANYTHING)?);
        }
        self.expect_mark(")")?;
        Ok(tests)
    }

    fn opens_range(&self) -> bool {
        (self.is_mark("(") || self.is_mark("[")) && self.ranges.get(self.next) == Some(&true)
    }

    fn test(&mut self, weakest: u8) -> Result<Test, FeelError> {
        if let Some(sign) = self.comparison_sign() {
            return Ok(Test::Compare(sign, self.expression(SUM)?));
        }
        if !self.opens_range() {
            return Ok(Test::Value(self.expression(weakest)?));
        }
        let includes_low = self.is_mark("[");
        self.next += 1;
        let low = self.expression(SUM)?;
        self.expect_mark("..")?;
        let high = self.expression(SUM)?;
        let includes_high = self.is_mark("]");
        if !includes_high && !self.is_mark(")") {
            return Err(self.unexpected("']' or ')'"));
        }
        self.next += 1;
        Ok(Test::Range(Range {
            includes_low,
            low,
            high,
            includes_high,
        }))
    }

    fn prefix(&mut self) -> Result<Expr, FeelError> {
        let place = self.place();
        let mut signs = 0;
        while self.accept_mark("-") {
            signs += 1;
        }
        let primary = self.primary()?;
        let mut operand = self.postfix(primary)?;
        for _ in 0..signs {
            operand = node(place, Kind::Negate(Box::new(operand)))?;
        }
        Ok(operand)
    }

    fn postfix(&mut self, mut base: Expr) -> Result<Expr, FeelError> {
        loop {
            let place = self.place();
            if self.accept_mark(".") {
                let Token::Name(name) = self.peek().clone() else {
                    return Err(self.unexpected("a name after '.'"));
                };
                self.next += 1;
                base = node(place, Kind::Path(Box::new(base), name))?;
            } else if self.is_mark("[") {
                self.next += 1;
                let filter = self.expression(ANYTHING)?;
                self.expect_mark("]")?;
                base = node(place, Kind::Filter(Box::new(base), Box::new(filter)))?;
            } else {
                return Ok(base);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, FeelError> {
        let place = self.place();
        let kind = match self.peek().clone() {
            Token::Number(number) => self.literal(Kind::Number(number)),
            Token::Text(text) => self.literal(Kind::Text(text)),
            Token::Mark("(") => {
                self.next += 1;
                let inner = self.expression(ANYTHING)?;
                self.expect_mark(")")?;
                return Ok(inner);
            }
            Token::Mark("[") => {
                self.next += 1;
                Kind::List(self.items("]")?)
            }
            Token::Mark("{") => {
                self.next += 1;
                self.context()?
            }
            Token::Name(word) => match word.as_str() {
                "null" => self.literal(Kind::Null),
                "true" => self.literal(Kind::Boolean(true)),
                "false" => self.literal(Kind::Boolean(false)),
                "if" => self.condition()?,
                "for" => {
                    let (bindings, body) = self.bound("return")?;
                    Kind::For(bindings, body)
                }
                "some" => {
                    let (bindings, body) = self.bound("satisfies")?;
                    Kind::Some(bindings, body)
                }
                "every" => {
                    let (bindings, body) = self.bound("satisfies")?;
                    Kind::Every(bindings, body)
                }
                _ => self.name_or_call(word)?,
            },
            Token::Mark(_) | Token::End => return Err(self.unexpected("a value")),
        };
        node(place, kind)
    }

    fn literal(&mut self, kind: Kind) -> Kind {
        self.next += 1;
        kind
    }

    /// Expressions up to the closing mark, which is taken.
    fn items(&mut self, close: &str) -> Result<Vec<Expr>, FeelError> {
        let mut items = Vec::new();
        if self.accept_mark(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression(ANYTHING)?);
            if self.accept_mark(close) {
                return Ok(items);
            }
            if !self.accept_mark(",") {
                return Err(self.unexpected(&format!("',' or '{close}'")));
            }
        }
    }

    fn context(&mut self) -> Result<Kind, FeelError> {
        let mut entries: Vec<(String, Expr)> = Vec::new();
        if self.accept_mark("}") {
            return Ok(Kind::Context(entries));
        }
        loop {
            let (Token::Name(key) | Token::Text(key)) = self.peek().clone() else {
                return Err(self.unexpected("a key"));
            };
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(self.place().error(format!("the key '{key}' stands here already")));
            }
            self.next += 1;
            self.expect_mark(":")?;
            entries.push((key, self.expression(ANYTHING)?));
            if self.accept_mark("}") {
                return Ok(Kind::Context(entries));
            }
            if !self.accept_mark(",") {
                return Err(self.unexpected("',' or '}'"));
            }
        }
    }

    fn condition(&mut self) -> Result<Kind, FeelError> {
        self.next += 1;
        let condition = self.expression(ANYTHING)?;
        self.expect_word("then")?;
        let yes = self.expression(ANYTHING)?;
        self.expect_word("else")?;
        let no = self.expression(ANYTHING)?;
        Ok(Kind::If(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    /// `name in domain, … return|satisfies body`, after the first word.
    fn bound(&mut self, before_body: &str) -> Result<(Vec<Binding>, Box<Expr>), FeelError> {
        let mut bindings = Vec::new();
        loop {
            self.next += 1;
            let name = match self.peek() {
                Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => name.clone(),
                _ => return Err(self.unexpected("a name")),
            };
            self.next += 1;
            self.expect_word("in")?;
            let first = self.expression(SUM)?;
            let domain = if self.accept_mark("..") {
                Domain::Steps(first, self.expression(SUM)?)
            } else {
                Domain::List(first)
            };
            bindings.push(Binding { name, domain });
            if !self.is_mark(",") {
                break;
            }
        }
        self.expect_word(before_body)?;
        Ok((bindings, Box::new(self.expression(ANYTHING)?)))
    }

    fn name_or_call(&mut self, word: String) -> Result<Kind, FeelError> {
        let place = self.place();
        let words: Vec<&str> = self.tokens[self.next..]
            .iter()
            .map_while(|lexed| match &lexed.token {
                Token::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .take(Function::MOST_WORDS + 1)
            .collect();
        let opens = matches!(
            self.tokens.get(self.next + words.len()),
            Some(Lexed {
                token: Token::Mark("("),
                ..
            })
        );
        if opens && words.len() <= Function::MOST_WORDS {
            let name = words.join(" ");
            if let Some(function) = Function::named(&name) {
                self.next += words.len() + 1;
                let arguments = self.items(")")?;
                let (least, most) = function.arity();
                if arguments.len() < least || arguments.len() > most {
                    let wanted = if least == most {
                        format!("{least}")
                    } else {
                        format!("at least {least}")
                    };
                    return Err(place.error(format!("'{name}' takes {wanted} arguments, not {}", arguments.len())));
                }
                return Ok(Kind::Call(function, arguments));
            }
            // `a in (…)`, `x and (…)`: not a call.
            if words.len() == 1 || !words[1..].iter().any(|word| KEYWORDS.contains(word)) {
                let hint = nearest(&name, Function::names())
                    .map(|near| format!("; did you mean '{near}'?"))
                    .unwrap_or_default();
                return Err(place.error(format!("there is no function '{name}'{hint}")));
            }
        }
        if KEYWORDS.contains(&word.as_str()) {
            return Err(self.unexpected("a value"));
        }
        self.next += 1;
        Ok(Kind::Name(word))
    }
}

fn node(place: Place, kind: Kind) -> Result<Expr, FeelError> {
    let mut deepest = 0;
    kind.each_part(&mut |part| deepest = deepest.max(part.depth));
    if deepest >= DEEPEST_EXPRESSION {
        return Err(place.error(format!("the expression nests deeper than {DEEPEST_EXPRESSION} levels")));
    }
    Ok(Expr {
        place,
        depth: deepest + 1,
        kind,
    })
}

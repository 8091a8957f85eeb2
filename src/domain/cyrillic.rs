//! Cyrillic letters in numbers, and the Latin ones that they become.

use super::latin_twin;

/// Writes a text in Latin letters, by the rules for Ukrainian names and, for the letters that Ukrainian does not have, for
/// Russian ones (ICAO Doc 9303 part 3 section 6, table B). Other characters stay.
pub(crate) fn transliterate(text: &str, out: &mut String) {
    for char in text.chars() {
        match latin(char) {
            Some(latin) => out.push_str(latin),
            None => out.push(char),
        }
    }
}

/// Writes a text in the Latin letters that its Cyrillic ones are printed like; `None` if one is like none.
pub(crate) fn look_alike(text: &str) -> Option<String> {
    let like = |char: char| if char.is_ascii() { Some(char) } else { latin_twin(char).map(char::from) };
    text.chars().map(like).collect()
}

fn latin(char: char) -> Option<&'static str> {
    let upper = char.to_uppercase().next().filter(|_| !char.is_ascii())?;
    Some(match upper {
        'А' => "A",
        'Б' => "B",
        'В' => "V",
        'Г' => "H",
        'Ґ' => "G",
        'Д' => "D",
        'Е' | 'Ё' | 'Э' => "E",
        'Є' | 'Ъ' => "IE",
        'Ж' => "ZH",
        'З' => "Z",
        'И' | 'Ы' => "Y",
        'І' | 'Ї' | 'Й' => "I",
        'К' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'О' => "O",
        'П' => "P",
        'Р' => "R",
        'С' => "S",
        'Т' => "T",
        'У' => "U",
        'Ф' => "F",
        'Х' => "KH",
        'Ц' => "TS",
        'Ч' => "CH",
        'Ш' => "SH",
        'Щ' => "SHCH",
        'Ю' => "IU",
        'Я' => "IA",
        'Ь' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_transliterated_and_read_by_their_looks() {
        for (series, latin, alike) in [
            ("АВ123", "AV123", Some("AB123")),
            ("КС", "KS", Some("KC")),
            ("ЕН", "EN", Some("EH")),
            ("БЮ", "BIU", None),
            ("ab1", "ab1", Some("ab1")),
        ] {
            let mut out = String::new();
            transliterate(series, &mut out);
            assert_eq!((out.as_str(), look_alike(series).as_deref()), (latin, alike), "{series}");
        }
    }
}

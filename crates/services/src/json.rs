//! What is looked at in JSON before it is parsed.

use crate::sabotage::{self, Guard};

/// Whether objects and arrays are nested deeper than `levels_max`. Looks at brackets outside of strings only, so it is
/// cheap and does not care whether the rest is JSON.
#[must_use]
pub fn is_too_deep(json: &[u8], levels_max: usize) -> bool {
    if sabotage::is_off(Guard::JsonDepth) {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > levels_max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!is_too_deep(nested(32).as_bytes(), 32));
        assert!(is_too_deep(nested(33).as_bytes(), 32));
        assert!(!is_too_deep(format!("\"\\\"{}\"", "[".repeat(100)).as_bytes(), 32));
        assert!(!is_too_deep("[],".repeat(100).as_bytes(), 32));
    }
}

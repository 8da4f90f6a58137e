/* E-mail addresses: values and reasons measured on pydantic 2.13 with email-validator 2.4. */
#include "text_case.h"

static const text_case emails[] = {
    { "a@b@c.de", NULL, "The part after the @-sign contains invalid characters: '@'." },
    { "a@@b.co", NULL, "The part after the @-sign contains invalid characters: '@'." },
    { ".a@b.co", NULL, "An email address cannot start with a period." },
    { "a.@b.co", NULL, "An email address cannot have a period immediately before the @-sign." },
    { "a..b@c.co", NULL, "An email address cannot have two periods in a row." },
    { "a@.b.co", NULL, "An email address cannot have a period immediately after the @-sign." },
    { "a@b.co.", NULL, "An email address cannot end with a period." },
    { "a@-b.co", NULL, "An email address cannot have a hyphen immediately after the @-sign." },
    { "a@b-.co", NULL, "An email address cannot have a period and a hyphen next to each other." },
    { "a@b_c.co", NULL, "The part after the @-sign contains invalid characters: '_'." },
    { "a@b c.co", NULL, "The part after the @-sign contains invalid characters: SPACE." },
    { "a@b.c", "a@b.c", NULL },
    { "a@b.1", NULL, "The part after the @-sign is not valid. It is not within a valid top-level domain." },
    { "a@b.c1", NULL, "The part after the @-sign is not valid. It is not within a valid top-level domain." },
    { "a@1.2.3.4", NULL, "The part after the @-sign is not valid. It is not within a valid top-level domain." },
    { "a@[1.2.3.4]", NULL, "A bracketed IP address after the @-sign is not allowed here." },
    { "a@[IPv6:::1]", NULL, "A bracketed IP address after the @-sign is not allowed here." },
    { "\"a b\"@c.de", NULL, "Quoting the part before the @-sign is not allowed here." },
    { "\"a\"@c.de", NULL, "Quoting the part before the @-sign is not allowed here." },
    { "a\\b@c.de", NULL, "The email address contains invalid characters before the @-sign: \"\\\"." },
    { "a,b@c.de", NULL, "The email address contains invalid characters before the @-sign: ','." },
    { "a;b@c.de", NULL, "The email address contains invalid characters before the @-sign: ';'." },
    { "a:b@c.de", NULL, "The email address contains invalid characters before the @-sign: ':'." },
    { "a<b@c.de", NULL, "An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end." },
    { "a(b)@c.de", NULL, "The email address contains invalid characters before the @-sign: '(', ')'." },
    { "a[b@c.de", NULL, "The email address contains invalid characters before the @-sign: '['." },
    { "\xC3\xA9@\xC3\xA9.de", "\xC3\xA9@\xC3\xA9.de", NULL },
    { "a\x01@b.co", NULL, "The email address contains invalid characters before the @-sign: U+0001." },
    { "a\xE2\x80\x8B@b.co", NULL, "The email address contains unsafe characters: ZERO WIDTH SPACE." },
    { "a@b\xE2\x80\x8B.co", NULL, "The email address contains unsafe characters: ZERO WIDTH SPACE." },
    { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.co",
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.co", NULL },
    { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.co",
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.co", NULL },
    { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.co",
      NULL, "The email address is too long (1 character too many)." },
    { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.co",
      NULL, "The email address is too long (6 characters too many)." },
    { "a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.co",
      "a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.co", NULL },
    { "a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.co", NULL,
      "After the @-sign, periods cannot be separated by so many characters (1 character too many)." },
    { "a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.co",
      NULL, "The email address is too long after the @-sign (54 characters too many)." },
    { "a@xn--mnchen-3ya.de", "a@m\xC3\xBCnchen.de", NULL },
    { "a@ab--cd.de", NULL,
      "An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode." },
    { "a@\xEF\xBC\xA5\xEF\xBC\xB8.de", "a@ex.de", NULL },
    { "a@b\xE3\x80\x82"
      "co",
      "a@b.co", NULL },
    { "\xEF\xBD\x81@b.co", "\xEF\xBD\x81@b.co", NULL },
    { "a@\xC3\x9F.de", "a@\xC3\x9F.de", NULL },
    { "A@\xC3\x89.DE", "A@\xC3\xA9.de", NULL },
    { "Name<a@b.co>", "a@b.co", NULL },
    { "<a@b.co>", "a@b.co", NULL },
    { "Name <a@b.co", NULL,
      "An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end." },
    { "Name <a@b.co> x", NULL, "There can't be anything after the email address." },
    { "\"Na me\" <a@b.co>", "a@b.co", NULL },
    { "N\xC3\xA4me <a@b.co>", "a@b.co", NULL },
    { "Na@me <a@b.co>", NULL, "The part after the @-sign contains invalid characters: '<', '>', '@', SPACE." },
    { "a@b.local", NULL, "The part after the @-sign is a special-use or reserved name that cannot be used with email." },
    { "a@b.invalid", NULL, "The part after the @-sign is a special-use or reserved name that cannot be used with email." },
    { "a@b.example", "a@b.example", NULL },
    { "a@b.onion", NULL, "The part after the @-sign is a special-use or reserved name that cannot be used with email." },
    { "a@example.com", "a@example.com", NULL },
    { "a@b.arpa", NULL, "The part after the @-sign is a special-use or reserved name that cannot be used with email." },
    { "a@test", NULL, "The part after the @-sign is not valid. It should have a period." },
    { "a@x.test.", NULL, "An email address cannot end with a period." },
    { "a@b.localhost", NULL, "The part after the @-sign is a special-use or reserved name that cannot be used with email." },
    { "a!#$%&'*+-/=?^_`{|}~b@c.de", "a!#$%&'*+-/=?^_`{|}~b@c.de", NULL },
    { "a\x0A@b.co", NULL, "The email address contains invalid characters before the @-sign: U+000A." },
    { "a@b.co\x0A", "a@b.co", NULL },
    { "\x09"
      "a@b.co",
      "a@b.co", NULL },
    { "a@b!.co", NULL, "The part after the @-sign contains invalid characters: '!'." },
    { "a@b/c.co", NULL, "The part after the @-sign contains invalid characters: '/'." },
    { "a@b,c.co", NULL, "The part after the @-sign contains invalid characters: ','." },
    { "a @b.co", NULL, "The email address contains invalid characters before the @-sign: SPACE." },
    { "a@ b.co", NULL, "The part after the @-sign contains invalid characters: SPACE." },
    { "@", NULL, "There must be something before the @-sign." },
    { "@@", NULL, "There must be something before the @-sign." },
    { " ", NULL, "An email address must have an @-sign." },
    { "a@b.c_", NULL, "The part after the @-sign contains invalid characters: '_'." },
    { "a@_b.co", NULL, "The part after the @-sign contains invalid characters: '_'." },
    { "a@b.xn--p1ai", "a@b.\xD1\x80\xD1\x84", NULL },
    { "a@b..", NULL, "An email address cannot end with a period." },
    { "a@b.co..", NULL, "An email address cannot end with a period." },
    { "a@..b", NULL, "An email address cannot have a period immediately after the @-sign." },
    { "a@b.\xD1\x80\xD1\x84", "a@b.\xD1\x80\xD1\x84", NULL },
    { "\xF0\x9F\x98\x80@b.co", "\xF0\x9F\x98\x80@b.co", NULL },
    { "a@\xF0\x9F\x98\x80.co", NULL,
      "The part after the @-sign is invalid (Codepoint U+1F600 at position 1 of '\xF0\x9F\x98\x80' not allowed)." },
    { "a@b."
      "coxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      NULL, "Length must not exceed 2048 characters" },
    { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      NULL, "Length must not exceed 2048 characters" },
    { "Name  <  a@b.co >", "a@b.co", NULL },
    { "a@b.co>", NULL, "The part after the @-sign contains invalid characters: '>'." },
    { "a@b.co <c@d.ef>", NULL, "The part after the @-sign contains invalid characters: '<', '>', '@', SPACE." },
    { "=?utf-8?q?x?= <a@b.co>", "a@b.co", NULL },
    { "N.ame <a@b.co>", NULL, "The display name contains invalid characters when not quoted: '.'." },
    { "a\xEF\xBC\xA0"
      "b.co",
      NULL, "The email address has the \"full-width\" at-sign (@) character instead of a regular at-sign." },
    { "a\xC2\xA0@b.co", NULL, "The email address contains unsafe characters: NO-BREAK SPACE." },
    { "a\xC2\xAD"
      "b@c.de",
      NULL, "The email address contains unsafe characters: SOFT HYPHEN." },
    { "\xE2\x80\xAE"
      "a@b.co",
      NULL, "The email address contains unsafe characters: RIGHT-TO-LEFT OVERRIDE." },
    { "a@xn--.de", NULL, "An email address cannot have a period and a hyphen next to each other." },
    { "a@b.c-o", "a@b.c-o", NULL },
    { "a@1.co", "a@1.co", NULL },
    { "a@b.12a", "a@b.12a", NULL },
    { "postmaster@b.co", "postmaster@b.co", NULL },
    { "a\"b@c.de", NULL, "An email address must have an @-sign." },
    { "\"a\\\"b\"@c.de", NULL, "Quoting the part before the @-sign is not allowed here." },
    { "\"a@b\"@c.de", NULL, "Quoting the part before the @-sign is not allowed here." },
    { "\"\"@c.de", NULL, "There must be something before the @-sign." },
    { "\"\xC3\xA9\"@c.de", NULL, "Quoting the part before the @-sign is not allowed here." },
    { "a@b.alt", "a@b.alt", NULL },
    { "a@b.internal", "a@b.internal", NULL },
};

static void test_emails(void **state)
{
    (void)state;
    run_cases(cito_t_email, emails, sizeof emails / sizeof *emails);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

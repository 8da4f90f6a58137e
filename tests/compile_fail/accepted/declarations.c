/* What must compile without a warning: wide and recursive models, macros of the language as members, trailing commas. */
#include <cito.h>

CITO_APP(app);
CITO_ENUM(Os, linux, unix, (other_os, "other OS"));
CITO_MODEL(Forty,
    (int, f0, default(0), ge(0)),
    (int, f1, default(1), ge(0)),
    (int, f2, default(2), ge(0)),
    (int, f3, default(3), ge(0)),
    (int, f4, default(4), ge(0)),
    (int, f5, default(5), ge(0)),
    (int, f6, default(6), ge(0)),
    (int, f7, default(7), ge(0)),
    (int, f8, default(8), ge(0)),
    (int, f9, default(9), ge(0)),
    (int, f10, default(10), ge(0)),
    (int, f11, default(11), ge(0)),
    (int, f12, default(12), ge(0)),
    (int, f13, default(13), ge(0)),
    (int, f14, default(14), ge(0)),
    (int, f15, default(15), ge(0)),
    (int, f16, default(16), ge(0)),
    (int, f17, default(17), ge(0)),
    (int, f18, default(18), ge(0)),
    (int, f19, default(19), ge(0)),
    (int, f20, default(20), ge(0)),
    (int, f21, default(21), ge(0)),
    (int, f22, default(22), ge(0)),
    (int, f23, default(23), ge(0)),
    (int, f24, default(24), ge(0)),
    (int, f25, default(25), ge(0)),
    (int, f26, default(26), ge(0)),
    (int, f27, default(27), ge(0)),
    (int, f28, default(28), ge(0)),
    (int, f29, default(29), ge(0)),
    (int, f30, default(30), ge(0)),
    (int, f31, default(31), ge(0)),
    (int, f32, default(32), ge(0)),
    (int, f33, default(33), ge(0)),
    (int, f34, default(34), ge(0)),
    (int, f35, default(35), ge(0)),
    (int, f36, default(36), ge(0)),
    (int, f37, default(37), ge(0)),
    (int, f38, default(38), ge(0)),
    (int, f39, default(39), ge(0)));
CITO_MODEL(SixtyFour, (str, s0), (str, s1), (str, s2), (str, s3), (str, s4), (str, s5), (str, s6), (str, s7), (str, s8), (str, s9), (str, s10), (str, s11), (str, s12), (str, s13), (str, s14), (str, s15), (str, s16), (str, s17), (str, s18), (str, s19), (str, s20), (str, s21), (str, s22), (str, s23), (str, s24), (str, s25), (str, s26), (str, s27), (str, s28), (str, s29), (str, s30), (str, s31), (str, s32), (str, s33), (str, s34), (str, s35), (str, s36), (str, s37), (str, s38), (str, s39), (str, s40), (str, s41), (str, s42), (str, s43), (str, s44), (str, s45), (str, s46), (str, s47), (str, s48), (str, s49), (str, s50), (str, s51), (str, s52), (str, s53), (str, s54), (str, s55), (str, s56), (str, s57), (str, s58), (str, s59), (str, s60), (str, s61), (str, s62), (str, s63));
CITO_MODEL(Node, (str, name), (opt(Node), parent), (list(Node), children, default([])), (dict(Node), named, default({})));
CITO_MODEL(Trailing, (str, name), (int, count, ge(0)),);

CITO_GET(app, "/forty")
CITO_DEF(Forty, read_forty, (Forty, forty, query), (int, p0, default(0)), (int, p1, default(1)), (int, p2, default(2)), (int, p3, default(3)), (int, p4, default(4)), (int, p5, default(5)), (int, p6, default(6)), (int, p7, default(7)), (int, p8, default(8)), (int, p9, default(9)), (int, p10, default(10)), (int, p11, default(11)), (int, p12, default(12)), (int, p13, default(13)), (int, p14, default(14)), (int, p15, default(15)), (int, p16, default(16)), (int, p17, default(17)), (int, p18, default(18)), (int, p19, default(19)), (int, p20, default(20)), (int, p21, default(21)), (int, p22, default(22)), (int, p23, default(23)), (int, p24, default(24)), (int, p25, default(25)), (int, p26, default(26)), (int, p27, default(27)), (int, p28, default(28)), (int, p29, default(29)), (int, p30, default(30)), (int, p31, default(31)), (int, p32, default(32)), (int, p33, default(33)), (int, p34, default(34)), (int, p35, default(35)), (int, p36, default(36)), (int, p37, default(37)), (int, p38, default(38)), (int, p39, default(39)))
{
    int sum = p0+p1+p2+p3+p4+p5+p6+p7+p8+p9+p10+p11+p12+p13+p14+p15+p16+p17+p18+p19+p20+p21+p22+p23+p24+p25+p26+p27+p28+p29+p30+p31+p32+p33+p34+p35+p36+p37+p38+p39;
    forty.f0 = sum;
    return forty;
}

CITO_POST(app, "/values")
CITO_DEF(any, values, (Os, os), (Node, node))
{
    cito_c_list(double) doubles = {0};
    cito_append(&doubles, 1.0 / 2);
    cito_append(&doubles, 1);
    const cito_value *nested = cito_object("a", cito_object("b", cito_array(1, 2.5, true, "text", cito_null, NULL)));
    return cito_object("q", NULL, "os", cito_name(Os, os), "node", cito_dump(Node, &node), "doubles", doubles, "nested", nested, "yes", true, "long", 1L, "size", sizeof os);
}

CITO_MAIN(app)

using Xunit;

namespace ResLora.Tests.Text.ChatTemplates;

/// <summary>Loops, macros and the other tags: each text is what Jinja 3.1.6 gives, set up as transformers 5.12 does, for the variables of
/// <see cref="TemplateText"/>.</summary>
public sealed class StatementsTests
{
    public static TheoryData<string, string> Cases => new()
    {
        { "{{ {'a':1}|items|list }}{{ missing|items|list }}{% for k, v in d|items %}{{ k }}{% endfor %}", "[('a', 1)][]baitems" },
        { "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "b=1;a=[1, 'é', None, True];items=5;" },
        { "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (a, b), c = (3, 4), 5 %}{{ a }}{{ b }}{{ c }}", "12345" },
        { "{% set x = 0 %}{% for i in xs %}{{ x }}{% set x = x + i %}{{ x }};{% endfor %}{{ x }}", "03;01;02;0" },
        { "{% set x = 0 %}{% if true %}{% set x = 1 %}{% endif %}{{ x }}{% with %}{% set x = 5 %}{{ x }}{% endwith %}{{ x }}", "151" },
        { "{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}|{{ a }}", "1|" },
        { "{% set a = 9 %}{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}", "199" },
        { "{% for i in [1,1,2,2,1] %}{{ loop.changed(i) }}{% endfor %}", "TrueFalseTrueFalseTrue" },
        { "{% for i in [] %}x{% else %}empty{% endfor %}{% for i in xs if i > 5 %}x{% else %}none{% endfor %}", "emptynone" },
        { "{% for i in xs if i != 1 %}{{ loop.index }}:{{ i }}/{{ loop.length }};{% endfor %}", "1:3/2;2:2/2;" },
        { "{% for i in xs %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfor %}", "32" },
        { "{% for i in [1,2,3,4] %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{{ loop.last }}{% else %}no{% endfor %}", "1False2False" },
        { "{% for c in 'a😀b' %}{{ c }},{% endfor %}{% for k in d %}{{ k }},{% endfor %}", "a,😀,b,b,a,items," },
        { "{% for i in missing %}x{% else %}e{% endfor %}", "e" },
        { "{% for i in xs %}{% for j in xs %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "123112321233" },
        { "{% macro m(a) %}{{ varargs }}{{ kwargs }}{{ a }}{% endmacro %}{{ m(1, 2, 3, x=4) }}", "(2, 3){'x': 4}1" },
        { "{% macro m(x) %}<{{ caller() }}{{ x }}>{% endmacro %}{% call m(1) %}body{% endcall %}", "<body1>" },
        { "{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * fact(n-1)|int }}{% endif %}{% endmacro %}{{ fact(10) }}", "3628800" },
        { "{% set v = 1 %}{% macro m() %}{{ v }}{% endmacro %}{% set v = 2 %}{{ m() }}", "2" },
        { "{% for i in [1,2] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "12" },
        { "{% macro outer() %}{% macro inner() %}in{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}", "in" },
        { "{% filter trim %}{% set q = 1 %}  x  {% endfilter %}{{ q }}", "x" },
        { "{% raw %}{{ x }}{% if %}{% endraw %}|{%- raw -%}  a  {%- endraw -%}  b", "{{ x }}{% if %}|ab" },
        { "a  {{- ' b ' -}}  c  {%- if true -%}  d  {%- endif -%}  e", "a b cde" },
        { "{{ \"}}\" }}{{ '{%' }}{{ {'a': {'b': 1}} }}{{ {'a':{'b':1}}.a.b}}", "}}{%{'a': {'b': 1}}1" },
        { "{% set m = xs|map('string') %}{{ m|list }}{{ m|list }}", "['3', '1', '2'][]" },
        { "{% set j = joiner('|') %}{% for i in xs %}{{ j() }}{{ i }}{% endfor %}{% set k = joiner() %}{{ k() }}{{ k() }}", "3|1|2, " },
        { "{% if false %}{{ raise_exception('bad') }}{% endif %}ok", "ok" },
        { "{% if false %}{{ x|nofilter }}{% endif %}ok", "ok" },
        { "{% set loop = 1 %}{{ loop }}", "1" },
        { "{% set x = 1, 2 %}{{ x }}{% set y = 1, %}{{ y }}", "(1, 2)(1,)" },
        { "{% set x = 'a' if false %}{{ x is defined }}{{ x }}", "False" },
        { "{% if not xs or z %}a{% else %}b{% endif %}{% if missing %}a{% else %}b{% endif %}{% if 0.0 %}a{% else %}b{% endif %}", "bbb" },
        { "{% set x %}ab{% generation %}cd{% endgeneration %}{% endset %}ef{{ x }}", "efabcd" },
        { "{% generation %}a{% generation %}b{% endgeneration %}{% endgeneration %}", "ab" },
        { "{% set x = [1,2] %}{% set y = x + [3] %}{{ x }}{{ y }}", "[1, 2][1, 2, 3]" },
        { "{% if true %} a {% endif %}", " a " },
        { "{% set content = messages[0]['content'] + '\\n' %}{{ content }}|", "Be brief.\n|" },
        { "{% macro a(x) -%}  {{ x }}  {%- endmacro %}[{{ a(1) }}]{% macro b() %}{{ a(2) }}{% endmacro %}[{{ b() }}]", "[1][2]" },
        { "{% for x in xs %}{{ x }}{% endfor %}{{ x }}|{{ loop is defined }}", "312|False" },
        { "{% for x in xs %}{% if loop.first %}{% set q = x %}{% endif %}{{ q }}{% endfor %}", "3" },
        { "{% for i in range(3) %}{% set ns2 = namespace(v=i) %}{% set ns2.v = ns2.v * 2 %}{{ ns2.v }}{% endfor %}", "024" },
        { "{% set parts = 'x</think>y'.split('</think>') %}{{ parts|first }}{{ parts|last }}{{ parts[0].split('<think>')[-1] }}", "xyx" },
        { "{%- if messages[0].role == 'system' -%}{%- set sys = messages[0].content -%}{%- endif -%}{{ sys }}", "Be brief." },
        { "{% set x = xs | tojson %}{{ x }}{{ x | length }}", "[3, 1, 2]9" },
        { "{% if 'a' in 'abc' and not ('z' in 'abc') %}ok{% endif %}{% if 'a' is in('abc') %}ok{% endif %}", "okok" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Render_TemplateOfJinja_GivesItsText(string template, string expected)
    {
        var text = TemplateText.Of(template);

        Assert.Equal(expected, text);
    }
}

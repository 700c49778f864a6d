using Xunit;

namespace ResLora.Tests.Text.ChatTemplates;

/// <summary>White space around tags: each text is what Jinja 3.1.6 gives, set up as transformers 5.12 does, for the variables of
/// <see cref="TemplateText"/>.</summary>
public sealed class WhitespaceTests
{
    public static TheoryData<string, string> Cases => new()
    {
        { "\n{% if true %}\n  a\n{% endif %}\nb\n", "\n  a\nb" },
        { "  {% if true %}x{% endif %}  \n", "x  " },
        { "a\n  {%- if true %}\n  b\n  {%- endif %}\n c", "a  b c" },
        { "{{ 1 }}\n{{ 2 }}\n\n", "1\n2\n" },
        { "  {{ 1 }}\n  {# c #}\n  b", "  1\n  b" },
        { "x {# c #} \n y", "x  \n y" },
        { "  {%+ if true %} a{% endif +%}\n b", "   a\n b" },
        { "{% if true +%}\n a{% endif %}\n\nb\n\n", "\n a\nb\n" },
        { "\t{% set x = 1 %}\n\t{{ x }}\n", "\t1" },
        { "{% for i in [1,2] %}\n  - {{ i }}\n{% endfor %}\nend", "  - 1\n  - 2\nend" },
        { "{% for i in [1,2] -%}\n  - {{ i }}\n{%- endfor %}\nend", "- 1- 2end" },
        { "a {% raw %}\n  {{ x }} \n {% endraw %}\n b", "a \n  {{ x }} \n b" },
        { "a\r\nb\rc\r\n{% if true %}\r\nd{% endif %}\r\n", "a\nb\nc\nd" },
        { "  {%- raw %} {{ a }} {%- endraw %} x", " {{ a }} x" },
        { "{{ 'a' }}  {%- set x = 1 %}  b", "a  b" },
        { "{% set x = 1 %}  {% set y = 2 %}  z", "    z" },
        { "  {% set x = 1 %}  {% set y = 2 %}\n  z", "    z" },
        { "a{{- 1 -}} b", "a1b" },
        { "\n\n\n", "\n\n" },
        { "", "" },
        { "\n", "" },
        { "a\n", "a" },
        { "{{ 'a\n' }}", "a\n" },
        { "{#\n multi\n#}\nx", "x" },
        { "   {#- x -#}   y", "y" },
        { "{% if true %}{{ 1 }}\n\n{% endif %}", "1\n\n" },
        { "{%if true%}a{%endif%}", "a" },
        { "{%-if true-%} a {%-endif-%} ", "a" },
        { "{{1}}{{-2-}} {{ 3 }}", "123" },
        { "{% macro x() %}\n  a\n{% endmacro %}\n[{{ x() }}]", "[  a\n]" },
        { "  \u00a0{% if true %}x{% endif %}", "x" },
        { "a\u000b  {% if true %}x{% endif %}", "a\u000b  x" },
        { "{{ 1 }}\n  {% if true %}\n    {{ 2 }}\n  {% else %}\n    {{ 3 }}\n  {% endif %}\n{{ 4 }}", "1\n    2\n4" },
        { "{%- for m in messages %}\n    {{- m.role + '\\n' }}\n{%- endfor %}", "system\nuser\nassistant\nuser\n" },
        { "{% set x %}\n  hi\n{% endset %}\n[{{ x }}]", "[  hi\n]" },
        { "{% filter upper %}\n  hi\n{% endfilter %}\n!", "  HI\n!" },
        { "x{% generation %}\n a{% endgeneration %}\n y", "x a y" },
        { "  {% generation %}a{% endgeneration %}", "a" },
        { "{# a #}\n{# b #}\nc", "c" },
        { "{{ 1 }} {# a #} {{ 2 }}", "1  2" },
        { "  {#+ a #} b", "   b" },
        { "{#+ a +#}\n b", "\n b" },
        { "{# a -#}\n b", "b" },
        { "{{+ 1 }}", "1" },
        { "{%+ set x=1 -%}\n x", "x" },
        { "{% raw -%}\n a {% endraw %}\n", "a " },
        { "{% raw %}\n a {% endraw -%}\n b", "\n a b" },
        { "  {% raw %}a{% endraw %}", "a" },
        { "  {%+ raw %}a{%+ endraw %}", "  a" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Render_TemplateOfJinja_GivesItsText(string template, string expected)
    {
        var text = TemplateText.Of(template);

        Assert.Equal(expected, text);
    }
}

using System.Diagnostics;
using ResLora.Text.ChatTemplates;
using Xunit;

namespace ResLora.Tests.Text.ChatTemplates;

/// <summary>What a conversation becomes, what is refused and where, and what a hostile template may use.</summary>
public sealed class ChatTemplateTests
{
    // Far above what the limits allow on a slow machine, far below what the templates would take without them.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Render_GenerationBlocks_AreFoundInUnitsOfTheText()
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}{{ m.role }}:{% generation %}{{ m.content }}{% endgeneration %};{% endfor %}", "t");

        var chat = template.Render(TemplateText.Request("""[{"role":"u","content":"a😀"},{"role":"v","content":"bc"}]"""));

        Assert.Equal("u:a😀;v:bc;", chat.Text);
        Assert.Equal(["a😀", "bc"], chat.AssistantSpans.Select(span => chat.Text[span.Start..span.End]));
    }

    [Fact]
    public void Render_WithoutFurtherVariables_KnowsToolsAndDocumentsAsNone()
    {
        Assert.Equal("True True False", TemplateText.Of("{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }}"));
    }

    [Fact]
    public void Render_Variables_GoBeforeSpecialTokens()
    {
        var request = TemplateText.Request(variables: """{"eos_token":"given"}""") with
        {
            SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
            Tools = TemplateText.Json("""[{"name":"f"}]"""),
            AddGenerationPrompt = true,
        };

        var text = ChatTemplate.Parse("{{ bos_token }}{{ eos_token }}{{ tools|length }}{{ add_generation_prompt }}",
            "t").Render(request).Text;

        Assert.Equal("<s>given1True", text);
    }

    [Fact]
    public void Render_Time_IsTheClocks()
    {
        var request = TemplateText.Request() with { Clock = new Fixed() };

        var text = ChatTemplate.Parse("{{ strftime_now('%d %b %Y, %A %-d.%-m.%y %H:%M:%S %I %p %j %%') }}", "t").Render(request).Text;

        Assert.Equal("05 Mar 2026, Thursday 5.3.26 14:07:09 02 PM 064 %", text);
    }

    [Theory]
    [InlineData("a\n  {{ x|nofilter }}", "line 2, column 8", "there is no filter 'nofilter'")]
    [InlineData("{{ xs|lenght }}", "line 1, column 7", "Did you mean 'length'?")]
    [InlineData("{{ x is notest }}", "line 1, column 6", "there is no test 'notest'")]
    [InlineData("{% fro x in xs %}", "line 1, column 4", "there is no tag 'fro'. Did you mean 'for'?")]
    [InlineData("{% include 'x' %}", "line 1, column 4", "the tag 'include' of Jinja is not supported")]
    [InlineData("{% for x in xs %}{% endif %}", "line 1, column 21", "the tag 'endif' has nothing to end here; 'endfor' or 'else'")]
    [InlineData("{% if x %}", "line 1, column 11", "a tag 'elif' or 'else' or 'endif' is missing")]
    [InlineData("{{ nofunction(1) }}", "line 1, column 14", "'nofunction' is undefined")]
    [InlineData("{{ s.nomethod() }}", "line 1, column 14", "'str object' has no attribute 'nomethod'")]
    [InlineData("{{ s.encode() }}", "line 1, column 5", "'encode' of str is not supported")]
    [InlineData("{{ xs.append(4) }}", "line 1, column 13", "access to attribute 'append' of 'list' object is unsafe")]
    [InlineData("{{ d.update({}) }}", "line 1, column 12", "access to attribute 'update' of 'dict' object is unsafe")]
    [InlineData("{{ ''.__class__.__mro__ }}", "line 1, column 16", "access to attribute '__class__' of 'str' object is unsafe")]
    [InlineData("{{ missing.x }}", "line 1, column 11", "'missing' is undefined")]
    [InlineData("{{ 'a' + 1 }}", "line 1, column 8", "can only concatenate str (not \"int\") to str")]
    [InlineData("{{ 1 < 'a' }}", "line 1, column 4", "'<' not supported between instances of 'int' and 'str'")]
    [InlineData("{{ 1 // 0 }}", "line 1, column 6", "by zero")]
    [InlineData("{{ xs|map('string') }}", "line 1, column 1", "a generator")]
    [InlineData("{{ 'abc }}", "line 1, column 4", "no quote at its end")]
    [InlineData("{{ (1 }}", "line 1, column 7", "unexpected '}', expected ')'")]
    [InlineData("{# a", "line 1, column 1", "no end '#}'")]
    [InlineData("{% raw %}a", "line 1, column 1", "no 'endraw'")]
    [InlineData("{{ a b }}", "line 1, column 6", "found 'b', expected the end of the tag")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "line 1, column 35", "macro 'm' takes not more than 1 argument(s)")]
    [InlineData("{{ missing|tojson }}", "line 1, column 12", "Object of type Undefined is not JSON serializable")]
    [InlineData("{{ strftime_now('%Q') }}", "line 1, column 16", "'%Q' in '%Q' is not supported")]
    [InlineData("\n{{ raise_exception('no') }}", "line 2, column 19", "the template refuses this conversation: no.")]
    public void Render_WhatIsWrong_IsSaidWithItsPlace(string template, string place, string message)
    {
        var error = Assert.Throws<ChatTemplateException>(() => TemplateText.Of(template));

        Assert.StartsWith($"the template, {place}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ [0] * 1000000000 }}")]
    [InlineData("{{ 2 ** 1000000000 }}")]
    [InlineData("{{ 10 ** 4300 * 10 ** 4300 }}")]
    [InlineData("{{ 'x'.ljust(1000000000) }}{{ 'x'|center(1000000000) }}")]
    [InlineData("{{ '%1000000000d' % 1 }}")]
    [InlineData("{{ '{:1000000000}'.format(1) }}")]
    [InlineData("{{ range(100001) }}")]
    [InlineData("{{ [1]|batch(1000000000, 'x')|list }}")]
    [InlineData("{{ [1]|slice(1000000000)|list }}")]
    [InlineData("{{ 'a\nb'|indent(1000000000) }}")]
    [InlineData("{{ [1]|tojson(indent=1000000000) }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% for i in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}")]
    [InlineData("{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = n.x|replace('a', n.x) %}{% endfor %}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}")]
    [InlineData("{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}")]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson|length }}")]
    public void Render_TemplateThatWantsTooMuch_IsRefusedSoon(string template)
    {
        var watch = Stopwatch.StartNew();

        Assert.Throws<ChatTemplateException>(() => TemplateText.Of(template));

        Assert.True(watch.Elapsed < _patience, $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("1+", "")]
    [InlineData("1 ** ", "")]
    [InlineData("1 and ", "")]
    [InlineData("{1:", "}")]
    public void Parse_ExpressionsInsideOfEachOther_AreRefusedOrRendered(string before, string behind)
    {
        var expression = string.Concat(Enumerable.Repeat(before, 60_000)) + "1" + string.Concat(Enumerable.Repeat(behind, 60_000));

        var error = Record.Exception(() => TemplateText.Of($"{{{{ {expression} }}}}"));

        Assert.True(error is null or ChatTemplateException, error?.ToString());
    }

    [Theory]
    [InlineData("{% if 1 %}")]
    [InlineData("{% for x in xs %}")]
    [InlineData("{{ 1|string")]
    [InlineData("{{ 1.a")]
    public void Parse_BlocksWithoutAnEnd_AreRefused(string start)
    {
        Assert.Throws<ChatTemplateException>(() => TemplateText.Of(string.Concat(Enumerable.Repeat(start, 20_000))));
    }

    [Fact]
    public void Parse_TemplateOfMoreThanAMillionCharacters_IsRefused()
    {
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(new string('x', ChatTemplate.MaxLength + 1), "big"));

        Assert.Contains("at most 1048576", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_DamagedTemplates_AreRenderedOrRefused()
    {
        var random = new Random(17);
        string[] sources =
            [.. StatementsTests.Cases.Concat(FiltersTests.Cases).Concat(WhitespaceTests.Cases).Select(row => row.Data.Item1)];
        const string Pieces = "{}%#-+()[]|.,:'\"\\~*/=<>! \n0a😀";
        for (var run = 0; run < 3000; run++)
        {
            var source = sources[random.Next(sources.Length)];
            for (var edit = random.Next(1, 4); edit > 0; edit--)
            {
                var at = random.Next(source.Length + 1);
                source = random.Next(3) switch
                {
                    0 => source.Insert(at, Pieces[random.Next(Pieces.Length)].ToString()),
                    1 when at < source.Length => source.Remove(at, random.Next(1, Math.Min(4, source.Length - at) + 1)),
                    _ => source[..at] + sources[random.Next(sources.Length)] + source[at..],
                };
            }

            var error = Record.Exception(() => TemplateText.Of(source));

            Assert.True(error is null or ChatTemplateException, $"{source}\n{error}");
        }
    }

    private sealed class Fixed : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 5, 14, 7, 9, TimeSpan.Zero);
    }
}

using System.Text.Json;
using ResLora.Adapters;
using Xunit;

namespace ResLora.Tests.Adapters;

public sealed class AdapterConfigTests
{
    [Fact]
    public void Defaults_HaveNoProblems() => Assert.Empty(new AdapterConfig().Problems());

    [Fact]
    public void WithUsualTargets_TargetsThatWereNamed_Stay()
    {
        var named = new AdapterConfig { Targets = TargetModules.AllLinear };

        Assert.Same(named, named.WithUsualTargets(["query"]));
        Assert.Equal("query, value", $"{new AdapterConfig().WithUsualTargets(["query", "value"]).Targets}");
    }

    [Fact]
    public void Problems_ManyAtOnce_AllAreNamed()
    {
        var config = new AdapterConfig
        {
            Rank = 0,
            Alpha = double.NaN,
            Dropout = 1,
            Targets = TargetModules.Suffixes(),
            Exclude = TargetModules.Matching("("),
            Shortcut = new ShortcutConfig { Kind = ShortcutKind.Input, PreviousCount = -2 },
        };

        var problems = string.Join("; ", config.Problems());

        Assert.All(
            ["rank is 0", "alpha is NaN", "dropout is 1", "targets is empty", "exclude '('", "shortcut.previousCount is -2"],
            part => Assert.Contains(part, problems, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ShortcutKind.Input, 1, true)]
    [InlineData(ShortcutKind.Input, 2, false)]
    [InlineData(ShortcutKind.Input, ShortcutConfig.AllPrevious, false)]
    [InlineData(ShortcutKind.Block, 4, true)]
    [InlineData(ShortcutKind.Block, ShortcutConfig.AllPrevious, true)]
    [InlineData(ShortcutKind.Block, 0, true)]
    [InlineData(ShortcutKind.Middle, 0, true)]
    [InlineData(ShortcutKind.Middle, -2, false)]
    [InlineData(ShortcutKind.Input, 0, false)]
    [InlineData(ShortcutKind.None, 0, true)]
    public void Problems_PreviousCount_DependsOnTheStructure(ShortcutKind kind, int m, bool fine) =>
        Assert.Equal(fine, !new ShortcutConfig { Kind = kind, PreviousCount = m }.Problems().Any());

    [Theory]
    [InlineData(null)]
    [InlineData("loha")]
    public void Problems_NumberOfNoShortcut_IsNamedWhateverTheMethod(string? method) => Assert.StartsWith(
        "shortcut.kind is 9",
        Assert.Single(new AdapterConfig { Method = method, Shortcut = new ShortcutConfig { Kind = (ShortcutKind)9 } }.Problems()),
        StringComparison.Ordinal);

    [Fact]
    public void Problems_NumbersOfNoStructure_AreNamed()
    {
        var problems = new ShortcutConfig { Kind = (ShortcutKind)9, FirstBlock = (FirstBlock)9 }.Problems();

        Assert.Equal(2, problems.Count());
    }

    [Theory]
    [InlineData("\"all\"", ShortcutConfig.AllPrevious)]
    [InlineData("-1", ShortcutConfig.AllPrevious)]
    [InlineData("0", 0)]
    public void Json_PreviousCount_IsANumberOrAll(string json, int expected)
    {
        var config = JsonSerializer.Deserialize<ShortcutConfig>($$"""{"PreviousCount": {{json}}}""")!;

        Assert.Equal(expected, config.PreviousCount);
        Assert.Contains($"\"PreviousCount\":{expected}", JsonSerializer.Serialize(config), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"al\"")]
    [InlineData("1.5")]
    public void Json_PreviousCountOfAnotherKind_IsRefused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ShortcutConfig>($$"""{"PreviousCount": {{json}}}"""));

    [Fact]
    public void Json_RoundTrip_IsTheSame()
    {
        var config =
            TinyAdapters.Config(ShortcutKind.Middle, 2, dropout: 0.1, FirstBlock.Once) with { Exclude = TargetModules.Matching(".*0.*") };

        var again = JsonSerializer.Deserialize<AdapterConfig>(JsonSerializer.Serialize(config));

        Assert.Equal(config, again);
    }

    [Theory]
    [InlineData("""{ "Rnk": 8 }""")]
    [InlineData("""{ "Shortcut": { "Kind": "zigzag" } }""")]
    [InlineData("""{ "Shortcut": { "Previous": 1 } }""")]
    public void Json_UnknownKeyOrName_IsRefused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AdapterConfig>(json));
}

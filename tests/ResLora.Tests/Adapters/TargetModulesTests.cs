using System.Text.Json;
using ResLora.Adapters;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Adapters;

public sealed class TargetModulesTests
{
    private static readonly string[] _names =
    [
        .. Enumerable.Range(0, 2).SelectMany(
            i => new[] { "self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj" }.Select(m => $"model.layers.{i}.{m}")),
        "lm_head",
    ];

    [Theory]
    [InlineData("q_proj", "model.layers.0.self_attn.q_proj", true)]
    [InlineData("q_proj", "q_proj", true)]
    [InlineData("layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_proj", true)]
    [InlineData("layers.1.self_attn.q_proj", "model.layers.0.self_attn.q_proj", false)]
    [InlineData("proj", "model.layers.0.self_attn.q_proj", false)]
    [InlineData("q_proj", "model.layers.0.self_attn.q_proj.base", false)]
    [InlineData("Q_PROJ", "model.layers.0.self_attn.q_proj", false)]
    public void Matches_Suffix_IsWholeNameParts(string suffix, string name, bool expected) =>
        Assert.Equal(expected, TargetModules.Suffixes(suffix).Matches(name));

    [Theory]
    [InlineData(@"model\.layers\.[01]\.self_attn\.(q|v)_proj", "model.layers.1.self_attn.v_proj", true)]
    [InlineData(@"self_attn\.q_proj", "model.layers.1.self_attn.q_proj", false)]
    [InlineData(@".*\.q", "model.layers.1.self_attn.q_proj", false)]
    [InlineData(@".*q_proj|.*v_proj", "model.layers.1.self_attn.v_proj", true)]
    public void Matches_Pattern_MustMatchFromEndToEnd(string pattern, string name, bool expected) =>
        Assert.Equal(expected, TargetModules.Matching(pattern).Matches(name));

    [Fact]
    public void Choose_AllLinear_IsEverythingButTheHead()
    {
        var chosen = AdaptedModel.Choose(new AdapterConfig { Targets = TargetModules.AllLinear }, _names);

        Assert.Equal(_names.Where(n => n != "lm_head").ToHashSet(), chosen);
        Assert.True(TargetModules.Matching("all-linear").IsAllLinear);
    }

    [Fact]
    public void Choose_OneSuffixMatchesNothing_NamesItAndTheNearest()
    {
        var config = new AdapterConfig { Targets = TargetModules.Suffixes("q_proj", "w_proj") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Choose(config, _names));

        Assert.Contains("adapter.targets 'w_proj' matches none of the 7 linear layers", error.Message, StringComparison.Ordinal);
        Assert.Contains("q_proj, v_proj", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_PatternMatchesNothing_NamesIt()
    {
        var config = new AdapterConfig { Targets = TargetModules.Matching("encoder.*") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Choose(config, _names));

        Assert.Contains("'encoder.*'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_Exclude_TakesThemOutAgain()
    {
        var config = new AdapterConfig
        {
            Targets = TargetModules.AllLinear,
            Exclude = TargetModules.Suffixes(
                "layers.0.self_attn.q_proj", "down_proj")
        };

        var chosen = AdaptedModel.Choose(config, _names);

        Assert.Equal(
            ["model.layers.0.self_attn.v_proj", "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"], chosen.Order());
    }

    [Fact]
    public void Choose_ExcludeMatchesNothing_IsAnError()
    {
        var config = new AdapterConfig { Targets = TargetModules.AllLinear, Exclude = TargetModules.Suffixes("dwn_proj") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Choose(config, _names));

        Assert.Contains("adapter.exclude 'dwn_proj'", error.Message, StringComparison.Ordinal);
        Assert.Contains("down_proj", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_EverythingExcluded_IsAnError()
    {
        var config = new AdapterConfig { Targets = TargetModules.Suffixes("q_proj"), Exclude = TargetModules.Matching(".*attn.*") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Choose(config, _names));

        Assert.Contains("leaves none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_PatternThatNeverEnds_IsAnErrorWithinTheTimeLimit()
    {
        var config = new AdapterConfig { Targets = TargetModules.Matching("([a-z0-9_.]+)+!") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Choose(config, _names));

        Assert.Contains("([a-z0-9_.]+)+!", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", "is not a regular expression")]
    [InlineData("", "is empty")]
    [InlineData("  ", "is empty")]
    public void Problems_BadPattern_SaysWhatIsWrong(string pattern, string part) =>
        Assert.Contains(part, Assert.Single(TargetModules.Matching(pattern).Problems("targets")), StringComparison.Ordinal);

    [Fact]
    public void Problems_EmptyList_SaysSo()
    {
        Assert.Contains("is empty", Assert.Single(TargetModules.Suffixes().Problems("targets")), StringComparison.Ordinal);
        Assert.Contains("is empty", Assert.Single(TargetModules.Suffixes("q_proj", "").Problems("targets")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["q_proj","v_proj"]""")]
    [InlineData("\"all-linear\"")]
    [InlineData("\".*proj\"")]
    public void Json_RoundTrip_IsTheSame(string json)
    {
        var choice = JsonSerializer.Deserialize<TargetModules>(json)!;

        Assert.Equal(json, JsonSerializer.Serialize(choice));
        Assert.Equal(choice, JsonSerializer.Deserialize<TargetModules>(json));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("""["q_proj", 7]""")]
    [InlineData("""{ "q_proj": true }""")]
    public void Json_OfAnotherKind_IsRefused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TargetModules>(json));
}

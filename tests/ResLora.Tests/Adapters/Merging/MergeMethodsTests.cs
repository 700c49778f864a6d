using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Adapters.Merging;

public sealed class MergeMethodsTests
{
    [Theory]
    [InlineData("exact", MergeMethod.Exact)]
    [InlineData("input", MergeMethod.Input)]
    [InlineData("weights", MergeMethod.Weights)]
    [InlineData("least-squares", MergeMethod.LeastSquares)]
    [InlineData("projection", MergeMethod.Projection)]
    [InlineData("dropped", MergeMethod.Dropped)]
    public void Parse_Name_RoundTrips(string name, MergeMethod method)
    {
        Assert.Equal(method, MergeMethods.Parse(name));
        Assert.Equal(name, MergeMethods.Name(method));
    }

    [Fact]
    public void Parse_UnknownName_SuggestsTheNearest()
    {
        var error = Assert.Throws<ConfigException>(() => MergeMethods.Parse("weight"));

        Assert.Contains("Did you mean 'weights'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void For_EveryStructure_AllowsSomething()
    {
        Assert.All(Enum.GetValues<ShortcutKind>(), kind => Assert.NotEmpty(MergeMethods.For(Config(kind))));
        Assert.Equal(
            [MergeMethod.LeastSquares, MergeMethod.Projection, MergeMethod.Input, MergeMethod.Weights, MergeMethod.Dropped], MergeMethods.For(Config(ShortcutKind.Middle)));
        Assert.Equal([MergeMethod.Exact], MergeMethods.For(Config(ShortcutKind.Middle), weight: 0));
    }

    [Fact]
    public void Name_EveryMethod_IsThatOfConfigurations() =>
        Assert.All(
            Enum.GetValues<MergeMethod>(), method => Assert.Equal(JsonSerializer.Serialize(method), $"\"{MergeMethods.Name(method)}\""));

    [Fact]
    public void NeedsCalibration_NumberOfNoMethod_IsNoMethodWithoutTexts() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MergeMethods.NeedsCalibration((MergeMethod)9));

    private static AdapterConfig Config(ShortcutKind kind) => new() { Shortcut = new ShortcutConfig { Kind = kind } };
}

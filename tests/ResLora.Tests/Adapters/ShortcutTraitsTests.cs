using ResLora.Adapters;
using Xunit;

namespace ResLora.Tests.Adapters;

public sealed class ShortcutTraitsTests
{
    [Theory]
    [InlineData(ShortcutKind.None, false, false, false, false)]
    [InlineData(ShortcutKind.Input, true, false, false, true)]
    [InlineData(ShortcutKind.Block, false, true, false, false)]
    [InlineData(ShortcutKind.Middle, false, false, true, true)]
    public void Of_EveryShortcut_IsWhatItsEquationAdds(ShortcutKind kind, bool inputs, bool updates, bool lows, bool activations)
    {
        var traits = ShortcutTraits.Of(kind);

        Assert.Equal(new ShortcutTraits(inputs, updates, lows), traits);
        Assert.Equal(activations, traits.AddsActivations);
    }

    [Fact]
    public void Of_EveryValue_HasARow() => Assert.All(Enum.GetValues<ShortcutKind>(), kind => Assert.NotNull(ShortcutTraits.Of(kind)));

    [Fact]
    public void Of_NumberOfNoShortcut_IsNotPlain() => Assert.Throws<ArgumentOutOfRangeException>(() => ShortcutTraits.Of((ShortcutKind)9));
}

namespace ResLora.Adapters;

/// <summary>What each shortcut takes from earlier blocks. Whoever needs to know asks here, not which shortcut it is.</summary>
/// <param name="AddsInputs">Whether earlier layers' inputs are added to a block's own.</param>
/// <param name="AddsUpdates">Whether earlier blocks' updates are added to a block's own, so that the merge is exact and of a higher
/// rank.</param>
/// <param name="AddsLows">Whether what earlier A's make of their inputs is added in front of B.</param>
public sealed record ShortcutTraits(bool AddsInputs, bool AddsUpdates, bool AddsLows)
{
    private static readonly ShortcutTraits _none = new(false, false, false);
    private static readonly ShortcutTraits _input = new(true, false, false);
    private static readonly ShortcutTraits _block = new(false, true, false);
    private static readonly ShortcutTraits _middle = new(false, false, true);

    /// <summary>Whether activations are handed on from layer to layer, so that the shortcut fits into no weight and merges look at their
    /// sizes.</summary>
    public bool AddsActivations => AddsInputs || AddsLows;

    /// <summary>The row of a shortcut.</summary>
    /// <param name="kind">The shortcut, or none.</param>
    /// <returns>What it takes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such shortcut.</exception>
    public static ShortcutTraits Of(ShortcutKind kind) => kind switch
    {
        ShortcutKind.None => _none,
        ShortcutKind.Input => _input,
        ShortcutKind.Block => _block,
        ShortcutKind.Middle => _middle,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such shortcut."),
    };
}

namespace ResLora.Text.ChatTemplates.Jinja;

/// <summary>What a template may not do; the innermost node that sees it tells the place.</summary>
/// <param name="message">What happened, without the place.</param>
/// <param name="place">Where, if it is known already.</param>
internal sealed class JinjaError(string message, SourcePlace? place = null) : Exception(message)
{
    /// <summary>Where it happened; null as long as nobody said.</summary>
    public SourcePlace? Place { get; private set; } = place;

    /// <summary>Tells the place unless it is known: for filters of exceptions, which run from the inside out.</summary>
    /// <param name="here">The place.</param>
    /// <returns>False always: nothing is caught.</returns>
    public bool IsCaughtAt(SourcePlace here)
    {
        Place ??= here;
        return false;
    }
}

namespace ResLora.Experiments.Verification;

/// <summary>One expected tensor and how far ours is from it.</summary>
/// <param name="Name">The tensor's name in expected.safetensors (for a tokenizer, the line of the text).</param>
/// <param name="Difference">max |got − expected| / max |expected|; infinite when the shapes differ or nothing was computed.</param>
/// <param name="Tolerance">The largest difference that passes.</param>
public sealed record Quantity(string Name, double Difference, double Tolerance)
{
    /// <summary>Whether the difference is within the tolerance; NaN is not.</summary>
    public bool Passed => Difference <= Tolerance;
}

/// <summary>What became of a case.</summary>
public enum CaseStatus
{
    /// <summary>Every quantity is within its tolerance.</summary>
    Passed,

    /// <summary>A quantity is outside of its tolerance, or the case could not be run.</summary>
    Failed,

    /// <summary>The case needs a kind of model, adapter or tokenizer that is not supported yet.</summary>
    Unsupported,
}

/// <summary>The outcome of one conformance case.</summary>
/// <param name="Name">The case's folder name.</param>
/// <param name="Kind">model, adapter, layer, tokenizer, pictures, gguf, chat, statistics or diffusion.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Quantities">Every quantity that was compared.</param>
/// <param name="Message">Why the case failed or is unsupported, when no quantity says so; null otherwise.</param>
public sealed record CaseReport(
    string Name, string Kind, CaseStatus Status, IReadOnlyList<Quantity> Quantities, string? Message)
{
    /// <summary>A report that passes when something was compared and all of it is within its tolerance.</summary>
    /// <param name="name">The case's folder name.</param>
    /// <param name="kind">As for <see cref="Kind"/>.</param>
    /// <param name="quantities">What was compared.</param>
    /// <param name="failures">A sentence for each quantity that is more than a number; none when all is well.</param>
    /// <returns>The report.</returns>
    internal static CaseReport Of(string name, string kind, IReadOnlyList<Quantity> quantities, IReadOnlyList<string> failures) => new(
        name,
        kind,
        quantities.Count > 0 && quantities.All(quantity => quantity.Passed) ? CaseStatus.Passed : CaseStatus.Failed,
        quantities,
        quantities.Count == 0 ? "there is nothing to compare" : failures.Count > 0 ? string.Join("; ", failures) : null);

    /// <summary>The quantity nearest to, or farthest beyond, its tolerance; null when nothing was compared.</summary>
    public Quantity? Worst => Quantities.MaxBy(q => double.IsNaN(q.Difference) ? double.PositiveInfinity : q.Difference / q.Tolerance);
}

/// <summary>The outcome of a verification.</summary>
/// <param name="Cases">One report a case, in the order of their folders.</param>
public sealed record VerificationReport(IReadOnlyList<CaseReport> Cases)
{
    /// <summary>Whether every supported case passed; with <paramref name="strict"/>, whether everything was supported too.</summary>
    /// <param name="strict">Whether an unsupported case counts as a failure.</param>
    /// <returns>True when the verification passed.</returns>
    public bool Passed(bool strict) => Cases.All(c =>
        c.Status == CaseStatus.Passed || (c.Status == CaseStatus.Unsupported && !strict));
}

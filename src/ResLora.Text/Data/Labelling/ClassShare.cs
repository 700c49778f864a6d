namespace ResLora.Text.Data.Labelling;

/// <summary>How often a label is in data.</summary>
/// <param name="Label">Its name.</param>
/// <param name="Count">Examples that have it; may be 0.</param>
/// <param name="Share">The same as a part of all labelled examples, 0 to 1.</param>
public sealed record ClassShare(string Label, int Count, double Share);

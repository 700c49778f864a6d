namespace ResLora.Formats;

/// <summary>An example that has, as a whole, a label or a score: a text, a picture.</summary>
public interface ILabelledExample : IExample
{
    /// <summary>The label's number or the score; null when it has none.</summary>
    double? Target { get; }
}

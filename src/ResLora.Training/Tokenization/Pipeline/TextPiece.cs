namespace ResLora.Training.Tokenization.Pipeline;

/// <summary>A part of the text on its way to the model.</summary>
/// <param name="Text">The characters.</param>
/// <param name="AtStart">Whether it begins where the whole text begins.</param>
internal readonly record struct TextPiece(string Text, bool AtStart);

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>A place in what a model is given: a special token, or all tokens of a text.</summary>
/// <param name="Id">The special token, or null for a text.</param>
/// <param name="Second">Whether the text is the second of a pair.</param>
/// <param name="Type">The type id of the token, or of all the text's tokens.</param>
internal readonly record struct TemplatePart(int? Id, bool Second, int Type);

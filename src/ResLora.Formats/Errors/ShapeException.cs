namespace ResLora.Formats.Errors;

/// <summary>A tensor's shape is not the one that the operation needs.</summary>
/// <param name="message">What happened, where (file, tensor, key) and what to do.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class ShapeException(string message, Exception? inner = null) : ResLoraException(message, inner);

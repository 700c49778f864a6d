namespace ResLora.Formats.Errors;

/// <summary>A file from outside breaks the rules of its format, or is missing.</summary>
/// <param name="message">What happened, where (file, tensor, key) and what to do.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class FileFormatException(string message, Exception? inner = null) : ResLoraException(message, inner);

namespace ResLora.Formats.Errors;

/// <summary>A setting, a flag or a config file asks for something that cannot be done.</summary>
/// <param name="message">What happened, where (file, tensor, key) and what to do.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class ConfigException(string message, Exception? inner = null) : ResLoraException(message, inner);
